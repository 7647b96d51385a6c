import Synchronization

/// The first of several answers; nil is one too. The others come to nothing.
final class FirstAnswer<Value: Sendable>: Sendable {
    private enum State {
        case open(CheckedContinuation<Value?, Never>?)
        case given(Value?)
    }

    private let state = Mutex(State.open(nil))

    var isGiven: Bool {
        self.state.withLock { if case .given = $0 { true } else { false } }
    }

    func give(_ value: Value?) {
        let waiter = self.state.withLock { state -> CheckedContinuation<Value?, Never>? in
            guard case .open(let waiter) = state else { return nil }
            state = .given(value)
            return waiter
        }
        waiter?.resume(returning: value)
    }

    /// To be called once.
    func wait() async -> Value? {
        await withCheckedContinuation { continuation in
            let given = self.state.withLock { state -> Value?? in
                if case .given(let value) = state { return .some(value) }
                state = .open(continuation)
                return nil
            }
            if let given { continuation.resume(returning: given) }
        }
    }
}
