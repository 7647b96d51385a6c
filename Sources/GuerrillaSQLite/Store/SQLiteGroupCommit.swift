#if SQLite
public import GuerrillaBackend

/// Lets a ``GuerrillaBackend/GroupCommitter`` write to an ``SQLiteMessageStore``: one transaction, and one `fsync`, per batch.
///
/// It blocks, so give the committer a ``GuerrillaBackend/BlockingThreadExecutor`` of one thread.
public struct SQLiteGroupCommit: GroupCommit {
    private let store: SQLiteMessageStore

    /// Makes the glue for a store.
    public init(store: SQLiteMessageStore) {
        self.store = store
    }

    /// Stores the messages in one transaction.
    ///
    /// - Returns: The row ids.
    /// - Throws: ``CommitFailure``, see ``SQLiteMessageStore/insert(_:)``.
    public func commit(_ items: [StoredMessage]) async throws -> [Int64] {
        try self.store.insert(items)
    }
}
#endif
