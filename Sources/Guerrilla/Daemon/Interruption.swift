import Synchronization

/// Ends waits for work that may never come to its end: a database that takes connections and says nothing.
final class Interruption: Sendable {
    private struct State {
        var isInterrupted = false
        var nextNumber: UInt64 = 0
        /// What ends each wait.
        var waits: [UInt64: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    /// Whether ``interrupt()`` was called.
    var isInterrupted: Bool { self.state.withLock { $0.isInterrupted } }

    /// Ends all waits, and those that are yet to begin.
    func interrupt() {
        let waits = self.state.withLock { state in
            state.isInterrupted = true
            defer { state.waits = [:] }
            return state.waits.values
        }
        for end in waits { end() }
    }

    /// Waits until the work has ended, or for the interruption, or until the caller's task is cancelled.
    ///
    /// - Returns: Whether the work has ended. Otherwise it goes on: what becomes of it is for the caller to say.
    func wait(for work: Task<Void, any Error>) async -> Bool {
        let (ends, continuation) = AsyncStream.makeStream(of: Bool.self)
        let number = self.add { continuation.yield(false) }
        defer { self.remove(number) }
        Task {
            _ = await work.result
            continuation.yield(true)
        }
        for await hasEnded in ends { return hasEnded }
        return false
    }

    private func add(_ end: @escaping @Sendable () -> Void) -> UInt64 {
        let (number, isInterrupted) = self.state.withLock { state in
            state.nextNumber += 1
            if !state.isInterrupted { state.waits[state.nextNumber] = end }
            return (state.nextNumber, state.isInterrupted)
        }
        if isInterrupted { end() }
        return number
    }

    private func remove(_ number: UInt64) {
        self.state.withLock { $0.waits[number] = nil }
    }
}
