import Synchronization

/// Lets so many requests go on at once; so many more wait their turn, first come, first served.
final class RequestQueue: Sendable {
    private struct State {
        var free: Int
        var isClosed = false
        /// What is to be done when the last slot comes back after ``close(whenIdle:)``.
        var whenIdle: (@Sendable () -> Void)?
        var waiters: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var oldest: UInt64 = 0
        var next: UInt64 = 0

        mutating func popFirst() -> CheckedContinuation<Void, any Error>? {
            while self.oldest < self.next {
                defer { self.oldest += 1 }
                // Not there any more when it was withdrawn.
                if let waiter = self.waiters.removeValue(forKey: self.oldest) { return waiter }
            }
            return nil
        }
    }

    private let slots: Int
    private let maximumWaiting: Int
    private let state: Mutex<State>

    init(slots: Int, maximumWaiting: Int) {
        self.slots = slots
        self.maximumWaiting = maximumWaiting
        self.state = Mutex(State(free: slots))
    }

    /// Waits for a slot, which has to be given back with ``release()``.
    /// - Throws: ``FastCGIError/queueFull``, ``FastCGIError/notRunning``, or `CancellationError` when the task is cancelled meanwhile.
    func acquire() async throws {
        let ticket = Mutex<UInt64?>(nil)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = self.state.withLock { state in
                    if state.isClosed { return .failure(FastCGIError.notRunning) }
                    // Cancelled before there was anything to withdraw.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.free > 0 {
                        state.free -= 1
                        return .success(())
                    }
                    if state.waiters.count >= self.maximumWaiting { return .failure(FastCGIError.queueFull) }
                    state.waiters[state.next] = continuation
                    let own = state.next
                    ticket.withLock { $0 = own }
                    state.next += 1
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let waiter = self.state.withLock { state in
                ticket.withLock { $0 }.flatMap { state.waiters.removeValue(forKey: $0) }
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    /// Gives a slot to whoever has waited longest.
    func release() {
        let (waiter, whenIdle) = self.state.withLock { state in
            let waiter = state.popFirst()
            if waiter == nil { state.free += 1 }
            return (waiter, state.free == self.slots ? state.whenIdle.take() : nil)
        }
        waiter?.resume()
        whenIdle?()
    }

    /// Lets nobody in any more.
    /// - Parameter whenIdle: Is called once the last slot has come back, if there is one out.
    /// - Returns: Whether there is none.
    func close(whenIdle: @escaping @Sendable () -> Void) -> Bool {
        let (waiters, isIdle) = self.state.withLock { state in
            state.isClosed = true
            let isIdle = state.free == self.slots
            if !isIdle { state.whenIdle = whenIdle }
            defer { state.waiters = [:] }
            return (state.waiters.values, isIdle)
        }
        for waiter in waiters { waiter.resume(throwing: FastCGIError.notRunning) }
        return isIdle
    }
}
