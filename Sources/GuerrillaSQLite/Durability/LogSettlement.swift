#if SQLite
import CSQLite
import GRDB

/// Brings what is left in a log (`-wal`) to the disk, before anything is written behind it.
///
/// When a sync fails, Linux takes what was to be written for written. It stays in the page cache and is read from there, but it
/// is not on the disk, and later syncs succeed without it. SQLite is safe from that as long as a connection stays open: a
/// transaction whose sync has failed is not in the index (`-shm`), and the next one is written over it. The first connection to
/// a file, however, builds the index from what it can read, and takes over such a transaction. What is written behind it, and
/// acknowledged, is lost in a power cut, since SQLite stops reading a log where it has a gap.
///
/// So all of the log is written once more where it stands, which makes the next sync bring it to the disk; then it is brought
/// into the database and emptied. In this order, since pages from a log with a gap would leave a database between two states
/// if the power was cut meanwhile.
enum LogSettlement {
    /// - Parameters:
    ///   - path: The database.
    ///   - timeout: How long to wait for other connections, in this process or another.
    ///   - applicationID: What a database of ours has in its header; another one is left alone. `nil` is any.
    /// - Returns: `false` when other connections have the database in use, and perhaps something is left in the log.
    /// - Throws: When the disk refuses.
    static func run(
        _ path: String,
        within timeout: Duration,
        applicationID: Int32? = nil
    ) throws(DatabaseError) -> Bool {
        let file = SQLiteFile.resolved(path)
        // After a clean stop there is none.
        guard let size = SQLiteFile.size(of: file + "-wal"), size > 0 else { return true }
        do throws(DatabaseError) {
            try self.settle(LogConnection(file, deadline: .now + timeout), applicationID)
            return true
        } catch {
            guard WriteAheadLog.isBusy(error) else { throw error }
            return false
        }
    }

    private static func settle(_ connection: borrowing LogConnection, _ applicationID: Int32?) throws(DatabaseError) {
        try connection.execute("PRAGMA synchronous = EXTRA")
        if let applicationID, try connection.value("PRAGMA application_id") != "\(applicationID)" { return }
        guard try connection.value("PRAGMA journal_mode") == "wal" else { return }
        try connection.execute("BEGIN IMMEDIATE")
        try connection.log.rewrite()
        try connection.execute("COMMIT")
        try connection.log.empty(within: max(.zero, connection.deadline - .now))
    }
}

/// A connection that only settles a log. It does not checkpoint by itself when it is closed.
private struct LogConnection: ~Copyable {
    private let handle: OpaquePointer
    /// Until when it waits for other connections.
    let deadline: ContinuousClock.Instant

    var log: WriteAheadLog { WriteAheadLog(connection: self.handle) }

    init(_ file: String, deadline: ContinuousClock.Instant) throws(DatabaseError) {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(file, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let opened else {
            let error = WriteAheadLog.error(code, opened)
            sqlite3_close_v2(opened)
            throw error
        }
        self.handle = opened
        self.deadline = deadline
        sqlite3_extended_result_codes(opened, 1)
        guerrilla_sqlite3_leave_log(opened)
    }

    deinit {
        sqlite3_close_v2(self.handle)
    }

    borrowing func execute(_ text: String) throws(DatabaseError) {
        let handle = self.handle
        let code = WriteAheadLog.retrying(until: self.deadline, every: .milliseconds(2)) {
            sqlite3_exec(handle, text, nil, nil, nil)
        }
        guard code == SQLITE_OK else { throw WriteAheadLog.error(code, handle) }
    }

    /// The first column of the first row.
    borrowing func value(_ text: String) throws(DatabaseError) -> String? {
        let handle = self.handle
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        let code = WriteAheadLog.retrying(until: self.deadline, every: .milliseconds(2)) {
            sqlite3_finalize(statement)
            statement = nil
            let code = sqlite3_prepare_v2(handle, text, -1, &statement, nil)
            return code == SQLITE_OK ? sqlite3_step(statement) : code
        }
        guard code == SQLITE_ROW else { throw WriteAheadLog.error(code, handle) }
        return sqlite3_column_text(statement, 0).map { String(cString: $0) }
    }
}
#endif
