/// What a ``GroupCommitter`` has done so far and holds now, for metrics and tests.
public struct GroupCommitStatistics: Sendable, Equatable {
    /// Commits that succeeded.
    public internal(set) var committedBatches = 0
    /// Items in them.
    public internal(set) var committedItems = 0
    /// Items in the largest of them.
    public internal(set) var largestBatch = 0
    /// Items that reached a commit and failed, unknown outcomes included.
    public internal(set) var failedItems = 0
    /// Items withdrawn from the queue because their task was cancelled.
    public internal(set) var withdrawnItems = 0
    /// Items waiting now.
    public internal(set) var queuedItems = 0
    /// Octets waiting now.
    public internal(set) var queuedOctets = 0
}
