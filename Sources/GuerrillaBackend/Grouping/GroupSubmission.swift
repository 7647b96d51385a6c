import NIOCore

/// One item on its way through a ``GroupCommitter``, shared by the queue and the task that waits for it.
///
/// `@unchecked Sendable`: the mutable properties are touched only with the committer's lock held, except that the drain
/// loop alone owns a submission it has taken out of the queue.
final class GroupSubmission<Item: Sendable, Outcome: Sendable>: @unchecked Sendable {
    /// Empty once the item was taken or withdrawn, so that a place left behind in the queue holds no message.
    var item: Item?
    /// Non-nil exactly while the submission stands in the queue.
    var continuation: CheckedContinuation<Outcome, any Error>?
    let octets: Int
    /// The loop whose thread submitted the item and which is woken once for all its waiters.
    let eventLoop: (any EventLoop)?

    init(item: Item, octets: Int, eventLoop: (any EventLoop)?) {
        self.item = item
        self.octets = octets
        self.eventLoop = eventLoop
    }
}

/// The task waiting for an item that has left the queue.
struct GroupWaiter<Outcome: Sendable>: Sendable {
    let continuation: CheckedContinuation<Outcome, any Error>
    let eventLoop: (any EventLoop)?
}

/// Items committed together, with the tasks waiting for them at the same indices.
struct GroupBatch<Item: Sendable, Outcome: Sendable>: Sendable {
    var items: [Item] = []
    var waiters: [GroupWaiter<Outcome>] = []
}
