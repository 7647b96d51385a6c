package import Logging
import Synchronization

/// Says in the log when a database goes away and when it is back: one line for each change, however many messages meet it.
///
/// As long as no messages come, none has to wait: until ``begin()`` nothing is said.
package final class StoreHealth: Sendable {
    private struct Trouble {
        let since = ContinuousClock.now
        let reason: SQLFailure
        var isTold: Bool
    }

    private struct State {
        var isHeard: Bool
        /// Nil while the database is there.
        var trouble: Trouble?
    }

    private let state: Mutex<State>
    private let place: String
    private let logger: Logger

    /// - Parameter isHeard: False for a store that is not in use yet.
    package init(place: String, logger: Logger, isHeard: Bool = true) {
        self.place = place
        self.logger = logger
        self.state = Mutex(State(isHeard: isHeard))
    }

    /// Messages come from now on.
    func begin() {
        let reason = self.state.withLock { state -> SQLFailure? in
            state.isHeard = true
            guard let trouble = state.trouble, !trouble.isTold else { return nil }
            state.trouble?.isTold = true
            return trouble.reason
        }
        if let reason { self.tell(reason) }
    }

    func failed(_ failure: SQLFailure) {
        let isToBeTold = self.state.withLock { state in
            guard state.trouble == nil else { return false }
            state.trouble = Trouble(reason: failure, isTold: state.isHeard)
            return state.isHeard
        }
        if isToBeTold { self.tell(failure) }
    }

    func succeeded() {
        guard let trouble = self.state.withLock({ $0.trouble.take() }), trouble.isTold else { return }
        self.logger.notice("\(self.place) is back after \((ContinuousClock.now - trouble.since).components.seconds) s")
    }

    private func tell(_ reason: SQLFailure) {
        self.logger.error("\(self.place) is away, messages wait at their senders: \(reason)")
    }
}
