#if SQLite
import CSQLite
import GRDB

/// The connection that writes to a store, from its opening until it is given up. One thread at a time uses it.
final class SQLiteWriter {
    private let path: String
    private let busyTimeout: Duration
    let queue: DatabaseQueue
    private let checkpoints: Checkpoints
    private var files: OpenFiles

    /// Opens the database, creates its tables if there are none, and brings them up to date.
    ///
    /// - Throws: ``SQLiteStoreError``.
    init(path: String, busyTimeout: Duration) throws {
        var configuration = Configuration()
        configuration.label = "guerrilla.sqlite"
        configuration.busyMode = .timeout(busyTimeout.secondsForSQLite)
        // Otherwise a transaction that cannot be rolled back traps; here the connection is given up instead.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { db in
            // In WAL mode EXTRA is FULL. Before, as a database is created, it also syncs what became of the journal.
            try db.execute(sql: "PRAGMA synchronous = EXTRA")
            // Before anything that would already alter another program's database.
            try SQLiteSchema.check(db, path: path, emptyIsOurs: true)
            // Not GRDB's own way into WAL mode, which leaves commits without a sync behind.
            guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal",
                try Int.fetchOne(db, sql: "PRAGMA synchronous") == 3
            else {
                throw SQLiteStoreError(
                    .notDurable,
                    "'\(path)' cannot be used: SQLite does not accept WAL mode with PRAGMA synchronous=EXTRA, so messages "
                        + "could be lost"
                )
            }
        }
        self.path = path
        self.busyTimeout = busyTimeout
        (self.queue, self.checkpoints, self.files) = try SQLiteStoreError.translating(path: path) {
            let queue = try DatabaseQueue(path: SQLiteFile.name(of: path), configuration: configuration)
            try SQLiteSchema.migrator.migrate(queue)
            let checkpoints = try queue.writeWithoutTransaction { db in
                // A burst must not leave a WAL file of its size behind for ever.
                try db.execute(sql: "PRAGMA journal_size_limit = \(64 << 20)")
                return Checkpoints(of: try Self.handle(db))
            }
            do throws(OpenFiles.Change) {
                return (queue, checkpoints, try OpenFiles(path, hasLog: true))
            } catch {
                throw SQLiteStoreError(.fileReplaced, error.description)
            }
        }
        try SQLiteFile.syncDirectory(of: path)
    }

    /// Stores all the messages, or none, in one transaction.
    ///
    /// - Returns: The row ids, in the order of the messages.
    /// - Throws: What SQLite says; ``OpenFiles/Change``; ``SQLiteStoreError`` when the transaction could not be rolled back.
    func insert(_ messages: [StoredMessage]) throws -> [Int64] {
        try self.files.check()
        let files = self.files
        return try self.queue.writeWithoutTransaction { db in
            var ids: [Int64] = []
            ids.reserveCapacity(messages.count)
            // The transaction statements go through GRDB, which follows the state of the transaction; cached, unlike those of
            // its inTransaction.
            try db.cachedStatement(sql: "BEGIN IMMEDIATE TRANSACTION").execute()
            do {
                try files.checkLog(Self.handle(db))
                var insert = try SQLiteInsert(db)
                for message in messages {
                    ids.append(try insert.insert(message))
                }
                try db.cachedStatement(sql: "COMMIT TRANSACTION").execute()
            } catch {
                // A failed COMMIT may or may not have ended the transaction. rollback() looks first.
                try? db.rollback()
                if db.isInsideTransaction {
                    throw SQLiteStoreError(
                        .failed,
                        "a transaction could not be rolled back; the database is opened again"
                    )
                }
                throw error
            }
            return ids
        }
    }

    /// The error of a checkpoint that has failed since the last call.
    var checkpointFailure: SQLiteStoreError? {
        self.checkpoints.failure.map { SQLiteStoreError($0, path: self.path) }
    }

    /// Brings all that was committed into the database that this connection has open, when there is no way to its files any
    /// more for another one.
    ///
    /// - Throws: What SQLite says.
    func handOver() throws {
        try self.queue.writeWithoutTransaction { db in
            try WriteAheadLog(connection: Self.handle(db)).empty(within: self.busyTimeout)
        }
    }

    /// Has the log left as it is when the connection is closed: it is not to be trusted any more.
    func abandon() {
        self.queue.writeWithoutTransaction { db in
            guerrilla_sqlite3_leave_log(db.sqliteConnection)
        }
    }

    /// To be called before the connection is closed for good, which happens when this object is gone.
    func prepareToClose() {
        do throws(OpenFiles.Change) {
            try self.files.checkAll()
        } catch {
            switch error.kind {
            // SQLite itself does that only when nobody else reads.
            case .replaced: try? self.handOver()
            case .logCutShort, .indexCutShort: self.abandon()
            }
        }
    }

    private static func handle(_ db: Database) throws(DatabaseError) -> OpaquePointer {
        guard let handle = db.sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
        return handle
    }
}
#endif
