/// How much a ``GroupCommitter`` queues and how much it commits at once.
public struct GroupCommitLimits: Sendable, Equatable {
    /// Most items waiting, not counting the batch being committed. The default is 10,000.
    public var queuedItems = 10_000

    /// Most octets waiting, not counting the batch being committed. The default is 256 MiB.
    ///
    /// An item larger than this is still accepted by an empty queue: otherwise a store with too small a limit would refuse
    /// it for ever.
    public var queuedOctets = 256 << 20

    /// Most items in one commit, at least 1. The default is 256.
    public var batchItems = 256

    /// Most octets in one commit. A larger item is committed alone. The default is 16 MiB.
    public var batchOctets = 16 << 20

    /// Makes the default limits.
    public init() {}
}
