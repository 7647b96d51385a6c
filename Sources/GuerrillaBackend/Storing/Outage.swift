/// The trouble that one store is in, if it is in any: what there is to tell when it begins, becomes another one, and is over.
package struct Outage<Kind: Hashable & Sendable>: Sendable {
    /// What is to be told of one that is over.
    package struct Summary: Sendable, Equatable {
        /// From the first failure to the first success after the last one.
        package var duration: Duration
        /// Messages and recipients that were told to come again.
        package var refused: Int

        /// As it stands in the log.
        package var description: String {
            "after \(self.duration.components.seconds) s; \(self.refused) messages and recipients were told to come again"
        }
    }

    private struct Trouble: Sendable {
        var kind: Kind
        let begin: ContinuousClock.Instant
        var last: ContinuousClock.Instant
        /// The first success after the last failure.
        var firstSuccess: ContinuousClock.Instant?
        var refused = 0
    }

    private var trouble: Trouble?

    /// No trouble.
    package init() {}

    /// The present kind of trouble; nil when there is none.
    package var kind: Kind? { self.trouble?.kind }

    /// Something has failed.
    /// - Returns: Whether to tell of it: it is the first failure, or the first of another kind.
    package mutating func failed(_ kind: Kind, now: ContinuousClock.Instant = .now) -> Bool {
        guard var trouble = self.trouble else {
            self.trouble = Trouble(kind: kind, begin: now, last: now)
            return true
        }
        defer { self.trouble = trouble }
        trouble.last = max(trouble.last, now)
        trouble.firstSuccess = nil
        guard trouble.kind != kind else { return false }
        trouble.kind = kind
        return true
    }

    /// Messages or recipients were told to come again because of it.
    package mutating func refused(_ count: Int = 1) {
        self.trouble?.refused += count
    }

    /// Something has worked.
    /// - Parameter calm: How long nothing may have failed: a full store may take a small message between two that it refuses.
    /// - Returns: What to tell when the trouble is over.
    package mutating func worked(calm: Duration, now: ContinuousClock.Instant = .now) -> Summary? {
        guard var trouble = self.trouble else { return nil }
        let success = trouble.firstSuccess ?? now
        trouble.firstSuccess = success
        guard trouble.last + calm <= now else {
            self.trouble = trouble
            return nil
        }
        self.trouble = nil
        return Summary(duration: trouble.begin.duration(to: success), refused: trouble.refused)
    }
}
