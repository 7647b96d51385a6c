import NIOCore

/// Looks every few milliseconds whether an event loop gets to its work, and remembers the longest time it did not.
final class Heartbeat: Sendable {
    private static let interval = TimeAmount.milliseconds(2)

    private final class Beats {
        var last = NIODeadline.now()
        var longest = TimeAmount.zero

        func beat() {
            let now = NIODeadline.now()
            self.longest = max(self.longest, now - self.last)
            self.last = now
        }
    }

    private let loop: any EventLoop
    private let beats: NIOLoopBound<Beats>
    private let task: RepeatedTask

    private init(loop: any EventLoop, beats: NIOLoopBound<Beats>, task: RepeatedTask) {
        self.loop = loop
        self.beats = beats
        self.task = task
    }

    static func start(on loop: any EventLoop) async throws -> Heartbeat {
        try await loop.submit {
            let beats = NIOLoopBound(Beats(), eventLoop: loop)
            let task = loop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.interval) { _ in beats.value.beat() }
            return Heartbeat(loop: loop, beats: beats, task: task)
        }.get()
    }

    /// Stops.
    /// - Returns: The longest time the loop was held.
    func stop() async throws -> Duration {
        try await self.loop.submit {
            self.task.cancel()
            self.beats.value.beat()
            return .nanoseconds(self.beats.value.longest.nanoseconds)
        }.get()
    }
}
