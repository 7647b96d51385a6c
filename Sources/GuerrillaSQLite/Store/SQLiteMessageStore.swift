#if SQLite
import GRDB
import GuerrillaBackend
import Synchronization

/// Keeps messages in an SQLite database: one row per message and one per recipient.
///
/// The writing side. A commit returns only when the messages have reached the disk: the database is in WAL mode with
/// `PRAGMA synchronous=FULL`, so one commit costs one `fsync`, which ``SQLiteGroupCommit`` shares among messages. For
/// reading, in this or another process, see ``SQLiteMessageReader``.
///
/// The calls block. They may come from any thread and wait for each other.
public final class SQLiteMessageStore: Sendable {
    private enum Connection {
        case open(DatabaseQueue, SQLiteFile.Identity)
        /// The connection was given up after an error; the next insert opens another.
        case broken
        case closed
    }

    private let connection: Mutex<Connection>
    private let busyTimeout: Duration

    /// The path given at creation.
    public let path: String

    /// Opens the database, creates it (mode 0600) if the file does not exist, and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: The database file. SQLite keeps two more files beside it, `-wal` and `-shm`. Their directory must exist.
    ///   - busyTimeout: How long to wait for a lock held by another program. The default is 5 seconds.
    /// - Throws: ``SQLiteStoreError``.
    public init(path: String, busyTimeout: Duration = .seconds(5)) throws {
        self.path = path
        self.busyTimeout = busyTimeout
        self.connection = Mutex(try Self.open(path: path, busyTimeout: busyTimeout))
    }

    /// Stores all the messages, or none, in one transaction.
    ///
    /// After an I/O error or when the file was replaced, the connection is given up, and the next call opens it afresh.
    ///
    /// - Returns: The row ids, in the order of the messages.
    /// - Throws: ``GuerrillaBackend/CommitFailure`` around an ``SQLiteStoreError``: `.items` if a message violates a constraint (such as a
    ///   queued id that is already stored) or is larger than SQLite allows (10⁹ octets), `.store` otherwise.
    @discardableResult
    public func insert(_ messages: [StoredMessage]) throws -> [Int64] {
        try self.connection.withLock { connection in
            do {
                let queue = try self.usableQueue(&connection)
                return try queue.writeWithoutTransaction { db in
                    try Self.insert(messages, into: db)
                }
            } catch let error as DatabaseError {
                let failure = SQLiteStoreError(error, path: self.path)
                switch error.resultCode {
                case .SQLITE_CONSTRAINT, .SQLITE_TOOBIG, .SQLITE_MISMATCH:
                    throw CommitFailure.items(failure)
                case .SQLITE_FULL, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_NOMEM, .SQLITE_INTERRUPT:
                    // These leave the connection as it was.
                    throw CommitFailure.store(failure)
                default:
                    connection = .broken
                    throw CommitFailure.store(failure)
                }
            } catch let error as SQLiteStoreError {
                if error.code != .closed { connection = .broken }
                throw CommitFailure.store(error)
            }
        }
    }

    /// Closes the database and removes the `-wal` and `-shm` files if no other program uses them. Later inserts fail.
    public func close() {
        self.connection.withLock { connection in
            // The deinitializer closes the connection; an error there is of no more interest, everything is committed.
            connection = .closed
        }
    }

    // MARK: - Connection

    /// The connection, opened again if it was given up.
    private func usableQueue(_ connection: inout Connection) throws -> DatabaseQueue {
        switch connection {
        case .open(let queue, let identity):
            // SQLite in WAL mode goes on writing to a file that was deleted: the message would be acknowledged and lost.
            guard SQLiteFile.Identity(path: SQLiteFile.name(of: self.path)) == identity else {
                throw SQLiteStoreError(
                    .fileReplaced,
                    "'\(self.path)' was removed or replaced while in use; it will be opened again for the next messages"
                )
            }
            return queue
        case .broken:
            connection = try Self.open(path: self.path, busyTimeout: self.busyTimeout)
            return try self.usableQueue(&connection)
        case .closed:
            throw SQLiteStoreError(.closed, "'\(self.path)' has been closed; no more messages can be stored")
        }
    }

    private static func open(path: String, busyTimeout: Duration) throws -> Connection {
        try SQLiteFile.prepareForWriting(path)
        var configuration = Configuration()
        configuration.label = "guerrilla.sqlite"
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(busyTimeout.secondsForSQLite)
        // Otherwise a transaction that cannot be rolled back traps; here the connection is given up instead.
        configuration.allowsUnsafeTransactions = true
        // Runs before the change to WAL mode, which would already alter another program's database.
        configuration.prepareDatabase { db in
            try SQLiteSchema.check(db, path: path, emptyIsOurs: true)
        }
        return try SQLiteStoreError.translating(path: path) {
            let queue = try DatabaseQueue(path: SQLiteFile.name(of: path), configuration: configuration)
            try SQLiteSchema.migrator.migrate(queue)
            try queue.writeWithoutTransaction { db in
                // Now, and not in prepareDatabase: GRDB sets NORMAL when it turns WAL mode on.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2 else {
                    throw SQLiteStoreError(
                        .notDurable,
                        "'\(path)' cannot be used: SQLite does not accept PRAGMA synchronous=FULL, so messages could be lost"
                    )
                }
                // A burst must not leave a WAL file of its size behind for ever.
                try db.execute(sql: "PRAGMA journal_size_limit = \(64 << 20)")
            }
            guard let identity = SQLiteFile.Identity(path: SQLiteFile.name(of: path)) else {
                throw SQLiteStoreError(.fileReplaced, "'\(path)' was removed while it was being opened; try again")
            }
            return .open(queue, identity)
        }
    }

    // MARK: - Transaction

    private static func insert(_ messages: [StoredMessage], into db: Database) throws -> [Int64] {
        var ids: [Int64] = []
        ids.reserveCapacity(messages.count)
        // The transaction statements go through GRDB, which follows the state of the transaction; cached, unlike those of
        // its inTransaction.
        try db.cachedStatement(sql: "BEGIN IMMEDIATE TRANSACTION").execute()
        do {
            var insert = try SQLiteInsert(db)
            for message in messages {
                ids.append(try insert.insert(message))
            }
            try db.cachedStatement(sql: "COMMIT TRANSACTION").execute()
        } catch {
            // A failed COMMIT may or may not have ended the transaction. rollback() looks first.
            try? db.rollback()
            if db.isInsideTransaction {
                throw SQLiteStoreError(.failed, "a transaction could not be rolled back; the database is opened again")
            }
            throw error
        }
        return ids
    }

    /// Runs `body` with the connection, for tests.
    func withDatabase<Value: Sendable>(_ body: (Database) throws -> Value) throws -> Value {
        try self.connection.withLock { connection in
            try self.usableQueue(&connection).writeWithoutTransaction(body)
        }
    }
}

extension Duration {
    /// Seconds, within what SQLite's busy time-out can hold: at most a day, and not negative.
    var secondsForSQLite: Double {
        let (seconds, attoseconds) = min(max(self, .zero), .seconds(86_400)).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
#endif
