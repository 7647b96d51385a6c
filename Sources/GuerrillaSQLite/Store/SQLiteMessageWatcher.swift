#if SQLite
/// Tells which messages have come into a store since it was last asked, also from another process.
///
/// A store that is not there yet, or is removed and made again, is waited for: all messages of a new one are news.
///
/// The calls block, for a moment.
public struct SQLiteMessageWatcher {
    /// Most messages told of at once.
    private static let limit = 1_000
    /// How often in a row a store may be found but not be read, for it is just being made.
    private static let patience = 20

    private let path: String
    /// The last row id seen; nil before the first look at a store that was there from the start.
    private var last: Int64?
    private var opened: (reader: SQLiteMessageReader, identity: SQLiteFile.Identity)?
    private var failures = 0

    /// Begins to watch. What is in the store at the first ``poll()`` is no news, unless there is no store yet.
    ///
    /// - Parameter path: The database file; there need not be one.
    public init(path: String) {
        self.path = path
        self.last = SQLiteFile.Identity(path: SQLiteFile.name(of: path)) == nil ? 0 : nil
    }

    /// The messages that have come since the last call, oldest first, at most 1,000; ask again at once while there are any.
    ///
    /// - Throws: ``SQLiteStoreError`` when the store cannot be read, not even after several calls.
    public mutating func poll() throws -> [StoredMessageSummary] {
        do {
            guard let reader = try self.reader() else { return [] }
            let last = try self.last ?? reader.list(limit: 1).first?.id ?? 0
            let news = try reader.list(limit: Self.limit, after: last)
            self.last = news.last?.id ?? last
            self.failures = 0
            return news
        } catch let error as SQLiteStoreError {
            self.opened = nil
            self.failures += 1
            guard self.failures < Self.patience else { throw error }
            return []
        }
    }

    /// A reader of the file that is there now; nil when there is none.
    private mutating func reader() throws -> SQLiteMessageReader? {
        guard let identity = SQLiteFile.Identity(path: SQLiteFile.name(of: self.path)) else {
            self.opened = nil
            self.last = 0
            return nil
        }
        if let opened = self.opened, opened.identity == identity { return opened.reader }
        if self.opened != nil { self.last = 0 }
        self.opened = nil
        let reader = try SQLiteMessageReader(readingFrom: self.path)
        self.opened = (reader, identity)
        return reader
    }
}
#endif
