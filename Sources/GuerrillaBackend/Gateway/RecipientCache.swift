package import GuerrillaMail

/// Verdicts about recipients that still count: so many, for so long. (`rcpt_cache_seconds`)
///
/// A value without a clock of its own. Every verdict is kept for the same time, so the oldest is always the next to expire.
package struct RecipientCache: Sendable {
    private struct Entry: Sendable {
        let verdict: RecipientVerdict
        let expiry: ContinuousClock.Instant
    }

    private let lifetime: Duration
    private let capacity: Int
    private var entries: [Recipient: Entry] = [:]
    /// What is in `entries`, oldest first, from `firstIndex` on.
    private var order: [Recipient] = []
    private var firstIndex = 0

    /// - Parameters:
    ///   - lifetime: How long a verdict counts.
    ///   - capacity: The most verdicts kept; beyond it the oldest is forgotten.
    package init(lifetime: Duration, capacity: Int = 10_000) {
        self.lifetime = lifetime
        self.capacity = max(1, capacity)
    }

    /// The number of verdicts kept, those that have expired unseen included.
    package var count: Int { self.entries.count }

    /// The verdict about a recipient, spelled exactly like this; nil when there is none that counts.
    package func verdict(on recipient: Recipient, now: ContinuousClock.Instant) -> RecipientVerdict? {
        guard let entry = self.entries[recipient], now < entry.expiry else { return nil }
        return entry.verdict
    }

    /// Keeps a verdict, unless it speaks of trouble, which may be over at the next question.
    package mutating func remember(_ verdict: RecipientVerdict, on recipient: Recipient, now: ContinuousClock.Instant) {
        guard let verdict = verdict.lasting else { return }
        self.forgetExpired(now: now)
        // Two sessions may have asked at the same time: the first answer keeps its place in the order.
        guard self.entries[recipient] == nil else { return }
        if self.entries.count >= self.capacity { self.forgetOldest() }
        self.entries[recipient] = Entry(verdict: verdict, expiry: now + self.lifetime)
        self.order.append(recipient)
    }

    private mutating func forgetExpired(now: ContinuousClock.Instant) {
        while self.firstIndex < self.order.count,
            let entry = self.entries[self.order[self.firstIndex]],
            entry.expiry <= now
        {
            self.forgetOldest()
        }
    }

    private mutating func forgetOldest() {
        guard self.firstIndex < self.order.count else { return }
        self.entries[self.order[self.firstIndex]] = nil
        self.firstIndex += 1
        if self.firstIndex >= self.capacity {
            self.order.removeFirst(self.firstIndex)
            self.firstIndex = 0
        }
    }
}

extension RecipientVerdict {
    /// The verdict if it is worth remembering, with no more text than a reply line can hold.
    fileprivate var lasting: RecipientVerdict? {
        switch self {
        case .accepted: self
        case .rejected(let reason): .rejected(reason: String(decoding: reason.utf8.prefix(512), as: UTF8.self))
        // Whatever its code, it is the processor's own word, and may be meant for this time only.
        case .reply: nil
        }
    }
}
