import NIOCore

/// The items waiting for a commit, in the order they came, bounded in items and octets.
///
/// A withdrawn item leaves an empty place behind, which is skipped when its turn comes. Places are swept out when they
/// outnumber the items, so withdrawal costs O(1) on average and a store that hangs while clients give up and come back
/// does not make the queue grow.
struct GroupQueue<Item: Sendable, Outcome: Sendable> {
    typealias Submission = GroupSubmission<Item, Outcome>

    private var places = CircularBuffer<Submission>()
    /// Items waiting.
    private(set) var count = 0
    /// Octets of the items waiting.
    private(set) var octets = 0

    /// Places in use, empty ones included.
    var placeCount: Int { self.places.count }

    /// Adds a submission that holds an item at the end.
    ///
    /// - Returns: `false`, and nothing is added, if that would exceed the limits.
    mutating func append(_ submission: Submission, limits: GroupCommitLimits) -> Bool {
        guard self.count < limits.queuedItems else { return false }
        // Written as a subtraction: the sum of two counts from outside could overflow.
        guard self.count == 0 || submission.octets <= limits.queuedOctets - self.octets else { return false }
        self.places.append(submission)
        self.count += 1
        self.octets += submission.octets
        return true
    }

    /// Takes an item back.
    ///
    /// - Returns: The continuation to resume, or `nil` if the item is not in the queue (any more).
    mutating func withdraw(_ submission: Submission) -> CheckedContinuation<Outcome, any Error>? {
        guard let continuation = submission.continuation else { return nil }
        submission.continuation = nil
        submission.item = nil
        self.count -= 1
        self.octets -= submission.octets
        if self.places.count > 2 * self.count + 64 {
            self.places = CircularBuffer(self.places.lazy.filter { $0.item != nil })
        }
        return continuation
    }

    /// Takes the next batch: as many items as the limits allow, and at least one if there is any.
    mutating func takeBatch(limits: GroupCommitLimits) -> GroupBatch<Item, Outcome> {
        var batch = GroupBatch<Item, Outcome>()
        var batchOctets = 0
        while batch.items.count < max(1, limits.batchItems), let submission = self.places.first {
            guard let item = submission.item, let continuation = submission.continuation else {
                self.places.removeFirst()
                continue
            }
            guard batch.items.isEmpty || submission.octets <= limits.batchOctets - batchOctets else { break }
            self.places.removeFirst()
            self.count -= 1
            self.octets -= submission.octets
            batchOctets += submission.octets
            submission.item = nil
            submission.continuation = nil
            batch.items.append(item)
            batch.waiters.append(GroupWaiter(continuation: continuation, eventLoop: submission.eventLoop))
        }
        return batch
    }

    /// Empties the queue.
    mutating func takeAll() -> GroupBatch<Item, Outcome> {
        var unlimited = GroupCommitLimits()
        unlimited.batchItems = .max
        unlimited.batchOctets = .max
        return self.takeBatch(limits: unlimited)
    }
}
