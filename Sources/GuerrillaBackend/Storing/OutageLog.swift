package import Logging
import Synchronization

/// Says in the log when a store goes away and when it is back: one line for each change, however many messages meet it.
///
/// The lines of those messages are at level debug (``OutageError``).
package final class OutageLog: Sendable {
    /// A success that comes sooner after a failure is not the end: one connection may work while another does not.
    package static let calm = Duration.milliseconds(500)
    /// So many in a row that could not be served, for reasons that may be their own, are an outage.
    package static let suspects = 3

    private struct State {
        var outage = Outage<Bool>()
        var suspects = 0

        var isClean: Bool { self.outage.kind == nil && self.suspects == 0 }
    }

    private let state = Mutex(State())
    /// For those who only have to tell of a success: whether there is nothing that it could end.
    private let isClean = Atomic(true)
    private let began: String
    private let ended: String
    private let logger: Logger

    /// - Parameters:
    ///   - began: What the first line says, before the reason.
    ///   - ended: What the last line says, before how long it was.
    package init(began: String, ended: String, logger: Logger) {
        self.began = began
        self.ended = ended
        self.logger = logger
    }

    /// For a store that others have a name for: `mysql at 127.0.0.1:3306`.
    package convenience init(place: String, logger: Logger) {
        self.init(began: "\(place) is away, messages wait at their senders", ended: "\(place) is back", logger: logger)
    }

    /// For a store of our own, that of this processor.
    package convenience init(processor: String, logger: Logger) {
        self.init(
            began: "\(processor) takes no messages, they wait at their senders",
            ended: "\(processor) takes messages again",
            logger: logger
        )
    }

    /// A message or a recipient cannot be served because the store cannot.
    /// - Returns: What to throw.
    package func refuse(because reason: any Error, now: ContinuousClock.Instant = .now) -> OutageError {
        let isFirst = self.change { state in
            let isFirst = state.outage.failed(true, now: now)
            state.outage.refused()
            return isFirst
        }
        if isFirst {
            // That the store cannot commit is said already.
            let reason = (reason as? CommitFailure)?.underlying ?? reason
            self.logger.error("\(self.began): \(PlainWords.of(reason))")
        }
        return OutageError(reason)
    }

    /// A message or a recipient cannot be served, which may be its own fault. It is the store's when several in a row meet it.
    /// - Returns: What to throw.
    package func suspect(because reason: any Error, now: ContinuousClock.Instant = .now) -> any Error {
        let isOutage = self.change { state in
            state.suspects = min(state.suspects + 1, Self.suspects)
            return state.outage.kind != nil || state.suspects == Self.suspects
        }
        return isOutage ? self.refuse(because: reason, now: now) : reason
    }

    /// A message or a recipient was served.
    package func served(now: ContinuousClock.Instant = .now) {
        guard !self.isClean.load(ordering: .relaxed) else { return }
        let summary = self.change { state in
            state.suspects = 0
            return state.outage.worked(calm: Self.calm, now: now)
        }
        if let summary { self.logger.notice("\(self.ended) \(summary.description)") }
    }

    private func change<Value>(_ body: (inout State) -> Value) -> Value {
        self.state.withLock { state in
            defer { self.isClean.store(state.isClean, ordering: .relaxed) }
            return body(&state)
        }
    }
}

extension Error {
    /// Whether a ``GroupCommitter`` that has thrown this would have to throw it for any item: its store is in trouble as a whole, or its
    /// queue is full.
    package var concernsStore: Bool {
        if case .store? = self as? CommitFailure { true } else { self as? GroupCommitError == .full }
    }
}
