package import Logging
import Synchronization

/// Says in the log when a database goes away and when it is back: one line for each change, however many messages meet it.
package final class StoreHealth: Sendable {
    private let awaySince = Mutex<ContinuousClock.Instant?>(nil)
    private let place: String
    private let logger: Logger

    package init(place: String, logger: Logger) {
        self.place = place
        self.logger = logger
    }

    func failed(_ failure: SQLFailure) {
        let isFirst = self.awaySince.withLock { since in
            defer { since = since ?? .now }
            return since == nil
        }
        if isFirst {
            self.logger.error("\(self.place) is away, messages wait at their senders: \(failure)")
        }
    }

    func succeeded() {
        guard let since = self.awaySince.withLock({ $0.take() }) else { return }
        self.logger.notice("\(self.place) is back after \((ContinuousClock.now - since).components.seconds) s")
    }
}
