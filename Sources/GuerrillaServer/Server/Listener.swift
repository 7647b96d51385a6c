import Logging
import NIOCore
import Synchronization

/// A socket with the channel that accepts from it.
///
/// swift-nio closes that channel when accepting fails in a way it does not know (`EPERM` of a security module, for example). The
/// socket goes on queueing clients, who would wait for ever, so another channel takes its place.
final class Listener: Sendable {
    /// What is waited before a channel is opened again; twice as long each time, until one has lasted.
    static let shortestDelay = Duration.milliseconds(100)
    static let longestDelay = Duration.seconds(30)

    private struct State {
        var channel: any Channel
        /// When the channel was opened; nil once it has ended.
        var openedAt: ContinuousClock.Instant? = .now
        var delay = Listener.shortestDelay
        var reopening: Task<Void, Never>?
        var isStopped = false

        /// How long to wait now.
        mutating func nextDelay() -> Duration {
            if let openedAt = self.openedAt.take(), .now - openedAt > Listener.longestDelay {
                self.delay = Listener.shortestDelay
            }
            defer { self.delay = min(self.delay * 2, Listener.longestDelay) }
            return self.delay
        }
    }

    let socket: ListeningSocket
    private let logger: @Sendable () -> Logger
    private let accept: @Sendable (CInt) async throws -> any Channel
    private let state: Mutex<State>

    /// Accepts from a socket, which is closed when that is not possible.
    ///
    /// - Parameters:
    ///   - socket: It begins to listen if it does not yet.
    ///   - logger: Asked for at each report, because settings change.
    ///   - accept: Makes the channel of a descriptor, which is the channel's from then on.
    init(
        on socket: ListeningSocket,
        logger: @escaping @Sendable () -> Logger,
        accept: @escaping @Sendable (CInt) async throws -> any Channel
    ) async throws {
        self.socket = socket
        self.logger = logger
        self.accept = accept
        do {
            self.state = Mutex(State(channel: try await Self.open(socket, accept)))
        } catch {
            socket.close()
            throw error
        }
        self.watch(self.channel)
    }

    /// The channel that accepts, or did until now.
    var channel: any Channel { self.state.withLock { $0.channel } }

    private static func open(
        _ socket: ListeningSocket,
        _ accept: @Sendable (CInt) async throws -> any Channel
    ) async throws -> any Channel {
        try socket.beginListening()
        // The channel owns its descriptor. The socket keeps another, so that it can be handed on.
        let channel = try await accept(try socket.duplicate())
        // swift-nio has set the length of the queue to its own.
        try socket.beginListening()
        return channel
    }

    // MARK: Ends that nobody asked for

    private func watch(_ channel: any Channel) {
        channel.closeFuture.whenComplete { _ in self.channelClosed() }
    }

    private func channelClosed() {
        let delay = self.state.withLock { state -> Duration? in
            guard !state.isStopped else { return nil }
            let delay = state.nextDelay()
            state.reopening = Task { await self.reopen(after: delay) }
            return delay
        }
        guard let delay else { return }
        self.logger().critical(
            "The listener was closed by an error and accepts nobody: it is opened again",
            metadata: ["address": "\(self.socket.address)", "delay": "\(delay)"]
        )
    }

    private func reopen(after delay: Duration) async {
        var delay = delay
        while (try? await Task.sleep(for: delay)) != nil {
            do {
                let channel = try await Self.open(self.socket, self.accept)
                let isStopped = self.state.withLock { state in
                    if !state.isStopped {
                        state.channel = channel
                        state.openedAt = .now
                    }
                    return state.isStopped
                }
                guard !isStopped else {
                    try? await channel.close()
                    return
                }
                self.logger().notice("The listener is open again", metadata: ["address": "\(self.socket.address)"])
                return self.watch(channel)
            } catch {
                delay = self.state.withLock { $0.nextDelay() }
                self.logger().critical(
                    "The listener cannot be opened again",
                    metadata: ["address": "\(self.socket.address)", "error": "\(error)", "delay": "\(delay)"]
                )
            }
        }
    }

    // MARK: The end

    /// Accepts nobody any more. Clients go on queueing up.
    func stopAccepting() async {
        let reopening = self.state.withLock { state in
            state.isStopped = true
            return state.reopening.take()
        }
        reopening?.cancel()
        await reopening?.value
        let channel = self.channel
        try? await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: AcceptErrorHandler.self).stop()
        }.get()
    }

    /// Accepts nobody any more, as soon as the channel's loop gets to it. A channel that is opened again accepts: ``stopAccepting()`` is to
    /// follow.
    func pauseAccepting() {
        let channel = self.channel
        channel.eventLoop.execute {
            try? channel.pipeline.syncOperations.handler(type: AcceptErrorHandler.self).stop()
        }
    }

    /// Closes channel and socket, after what the channel's loop has been given by now.
    func close() async {
        let channel = self.channel
        try? await channel.eventLoop.submit {}.get()
        self.socket.close()
        try? await channel.close()
    }
}
