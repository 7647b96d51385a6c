#if SQLite
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The files that a connection works on, to notice before a commit that one was removed, replaced or cut short.
///
/// SQLite does not look. It goes on writing to a database or a log that nothing leads to any more, and a truncated index, which
/// it has mapped, ends the process with SIGBUS. So each look is a `stat`: of database and index before the transaction begins,
/// of the log when it has begun and nobody else changes its size.
struct OpenFiles {
    /// What has become of a file.
    struct Change: Error, CustomStringConvertible {
        enum Kind {
            /// The connection still has the former file, which holds everything that was committed.
            case replaced
            /// What the log held is gone from it.
            case logCutShort
            /// The index was mended; what it is about is in the log.
            case indexCutShort
        }

        var kind: Kind
        /// One sentence for the log.
        var description: String
    }

    private let database: String
    private let databaseIdentity: SQLiteFile.Identity
    /// Log and index of a database in WAL mode, where SQLite looks for them.
    private let log: String?
    private let logIdentity: SQLiteFile.Identity?
    private let index: String?
    private let indexIdentity: SQLiteFile.Identity?
    /// The largest that the index was seen, in octets: so much of it may be mapped.
    private var indexSize: Int64 = 0

    /// - Parameters:
    ///   - path: The database.
    ///   - hasLog: Whether it is in WAL mode. Then the connection has read from it: log and index are open.
    /// - Throws: When one of the files is not there.
    init(_ path: String, hasLog: Bool) throws(Change) {
        self.database = SQLiteFile.name(of: path)
        self.databaseIdentity = try Self.identity(of: self.database)
        guard hasLog else {
            (self.log, self.logIdentity, self.index, self.indexIdentity) = (nil, nil, nil, nil)
            return
        }
        // SQLite follows links before it appends the suffix.
        let file = SQLiteFile.resolved(path)
        self.log = file + "-wal"
        self.logIdentity = try Self.identity(of: file + "-wal")
        self.index = file + "-shm"
        self.indexIdentity = try Self.identity(of: file + "-shm")
    }

    private static func identity(of file: String) throws(Change) -> SQLiteFile.Identity {
        guard let identity = SQLiteFile.Identity(path: file) else { throw self.replaced(file) }
        return identity
    }

    private static func replaced(_ file: String) -> Change {
        Change(
            kind: .replaced,
            description:
                "'\(file)' was removed or replaced while in use; the store is opened again for the next messages"
        )
    }

    /// Looks at database and index. Nothing is to be read through the connection before.
    mutating func check() throws(Change) {
        try self.checkIndex()
        guard self.databaseIdentity == SQLiteFile.Identity(path: self.database) else {
            throw Self.replaced(self.database)
        }
    }

    /// Looks at all three, before the connection is closed.
    mutating func checkAll() throws(Change) {
        try self.check()
        if let log = self.log { _ = try self.checkedSize(ofLog: log) }
    }

    /// Looks at the log. The connection is in a transaction that may write, and has not written yet.
    ///
    /// - Throws: ``Change``, or what SQLite says.
    func checkLog(_ connection: OpaquePointer) throws {
        guard let log = self.log else { return }
        let size = try self.checkedSize(ofLog: log)
        guard size >= (try WriteAheadLog(connection: connection).committedSize()) else {
            throw Change(
                kind: .logCutShort,
                description: "'\(log)' is shorter than what was written to it: messages that were acknowledged may be "
                    + "missing; the store is opened again for the next ones"
            )
        }
    }

    private func checkedSize(ofLog log: String) throws(Change) -> Int64 {
        guard let status = SQLiteFile.status(log), SQLiteFile.Identity(status) == self.logIdentity else {
            throw Self.replaced(log)
        }
        return Int64(status.st_size)
    }

    /// Makes sure that all of the index that may be mapped can be touched.
    private mutating func checkIndex() throws(Change) {
        guard let index = self.index else { return }
        guard let status = SQLiteFile.status(index), SQLiteFile.Identity(status) == self.indexIdentity else {
            throw Self.replaced(index)
        }
        guard status.st_size < self.indexSize else {
            self.indexSize = Int64(status.st_size)
            return
        }
        // By its path: closing a descriptor would drop this process's locks on the file. SQLite takes an index of zeros for
        // none and builds it from the log.
        truncate(index, off_t(self.indexSize))
        throw Change(
            kind: .indexCutShort,
            description: "'\(index)' was truncated while in use; the store is opened again for the next messages"
        )
    }
}
#endif
