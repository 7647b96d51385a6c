/// A store that makes several items durable with one commit: what a ``GroupCommitter`` drives.
///
/// The committer calls ``commit(_:)`` for one batch at a time, so an implementation may keep one connection and needs no
/// lock of its own against itself.
public protocol GroupCommit<Item, Outcome>: Sendable {
    /// What is stored: usually one message.
    associatedtype Item: Sendable
    /// What the store says about an item it has committed: a row id, a file name, or `Void`.
    associatedtype Outcome: Sendable

    /// Commits all the items, or none.
    ///
    /// Runs on the executor given to the committer, and may block when that is a ``BlockingThreadExecutor``.
    ///
    /// - Parameter items: At least one item, in the order they were submitted.
    /// - Returns: One outcome per item, in the same order. Another count is taken for an unknown outcome of all.
    /// - Throws: ``CommitFailure`` to say how far the trouble reaches. Any other error means what
    ///   ``CommitFailure/items(_:)`` means: nothing was committed, and perhaps a single item is at fault.
    func commit(_ items: [Item]) async throws -> [Outcome]

    /// How many of these outcomes mean that their items are committed, for the statistics: all of them, unless the store says otherwise.
    func committedCount(of outcomes: [Outcome]) -> Int
}

extension GroupCommit {
    /// All of them.
    public func committedCount(of outcomes: [Outcome]) -> Int { outcomes.count }
}
