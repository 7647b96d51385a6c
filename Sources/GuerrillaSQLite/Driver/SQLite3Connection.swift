#if SQLite
import CSQLite
import GRDB
import GRDBSQLite
import GuerrillaSQL

/// A connection to an SQLite file.
///
/// `@unchecked Sendable`: the library's handle may be used by any thread, by one at a time, and the worker that owns the
/// connection sees to that.
final class SQLite3Connection: SQLConnection, @unchecked Sendable {
    /// The journal modes in which a commit is on the disk when it returns, with `synchronous=EXTRA`. The others, MEMORY and OFF,
    /// keep nothing for the case that the power is cut in the middle of one.
    private static let journalModes: Set<String> = ["delete", "truncate", "persist", "wal"]

    private let log: DriverLog
    private let handle: OpaquePointer
    private let text: String
    private let statement: OpaquePointer
    private let timeout: Duration
    /// Without WAL mode SQLite runs none.
    private let checkpoints: Checkpoints
    private let hasLog: Bool
    private var files: OpenFiles
    /// What has become of one of them.
    private var change: OpenFiles.Change?

    init(_ driver: SQLite3Driver, purpose: SQLPurpose) throws(SQLFailure) {
        let source = driver.source
        let path = SQLiteFile.name(of: source.path)
        let timeout = min(source.busyTimeout, driver.options.limits(for: purpose).answer)
        if purpose == .saving { try driver.log.settle(source.path, within: timeout) }
        var opened: OpaquePointer?
        // Never created, whatever `mode` says: without its table it would be of no use.
        let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil)
        guard let handle = opened else { throw SQLFailure(.store, "cannot open: no memory") }
        self.log = driver.log
        self.handle = handle
        self.timeout = timeout
        guard code == SQLITE_OK else {
            defer { sqlite3_close_v2(handle) }
            guard SQLiteFile.Identity(path: path) != nil else {
                throw SQLFailure(.store, "there is no such file; `guerrillad schema` prints what creates its table")
            }
            throw SQLFailure(.store, "cannot open: \(Self.text(handle))")
        }
        do throws(SQLFailure) {
            sqlite3_busy_timeout(handle, timeout.millisecondsForSQLite)
            sqlite3_extended_result_codes(handle, 1)
            if let mode = source.journalMode { try Self.execute("PRAGMA journal_mode = \(mode)", handle) }
            // FULL does not sync the directory when the journal is deleted, so a power cut could bring the journal back, and
            // with it roll the transaction back.
            try Self.execute("PRAGMA synchronous = EXTRA", handle)
            let mode = try Self.value("PRAGMA journal_mode", handle)
            guard Self.journalModes.contains(mode), try Self.value("PRAGMA synchronous", handle) == "3" else {
                throw SQLFailure(.store, "SQLite does not accept synchronous=EXTRA in the journal mode \(mode)")
            }
            switch purpose {
            case .saving: self.text = driver.options.insert.single
            case .validating: self.text = driver.options.query?.text(for: .sqlite3) ?? "SELECT 1"
            }
            self.statement = try Self.prepare(self.text, handle)
            self.checkpoints = Checkpoints(of: handle)
            // In WAL mode this opens log and index.
            try Self.execute("SELECT 1 FROM sqlite_master LIMIT 1", handle)
            self.hasLog = mode == "wal"
            self.files = try Self.files(source.path, hasLog: mode == "wal", isSynced: purpose == .saving)
        } catch {
            sqlite3_close_v2(handle)
            throw error
        }
    }

    private static func files(_ path: String, hasLog: Bool, isSynced: Bool) throws(SQLFailure) -> OpenFiles {
        do {
            let files = try OpenFiles(path, hasLog: hasLog)
            if isSynced { try SQLiteFile.syncDirectory(of: path) }
            return files
        } catch {
            throw SQLFailure(.store, "\(error)")
        }
    }

    var isAlive: Bool {
        guard self.checkpoints.failure == nil else { return false }
        self.look { files throws(OpenFiles.Change) in try files.check() }
        return self.change == nil
    }

    private func look(_ body: (inout OpenFiles) throws(OpenFiles.Change) -> Void) {
        guard self.change == nil else { return }
        do throws(OpenFiles.Change) {
            try body(&self.files)
        } catch {
            self.change = error
        }
    }

    /// Prepares the statement anew, for which the library looks at the table.
    func check() throws(SQLFailure) {
        sqlite3_finalize(try Self.prepare(self.text, self.handle))
    }

    /// A commit is on the disk whatever the file's settings are.
    func cautions() throws(SQLFailure) -> [String] { [] }

    func close() {
        sqlite3_finalize(self.statement)
        self.look { files throws(OpenFiles.Change) in try files.checkAll() }
        if self.change != nil || self.checkpoints.failure != nil { self.log.doubt() }
        if self.change?.kind == .replaced {
            self.log.close(self)
        } else {
            self.release(leavingLog: self.log.isDoubtful)
        }
    }

    /// Brings all that was committed into the database that this connection has open.
    func handOver() throws(DatabaseError) {
        guard self.hasLog else { return }
        try WriteAheadLog(connection: self.handle).empty(within: self.timeout)
    }

    /// Closes the library's handle.
    /// - Parameter leavingLog: Whether the log is to stay as it is.
    func release(leavingLog: Bool) {
        if leavingLog { guerrilla_sqlite3_leave_log(self.handle) }
        sqlite3_close_v2(self.handle)
    }

    func insert(_ rows: [MailRow]) throws(SQLFailure) {
        do throws(SQLFailure) {
            try Self.execute("BEGIN IMMEDIATE", self.handle)
            try self.checkLog()
            for row in rows { try self.insert(BoundRows([row])) }
            try Self.execute("COMMIT", self.handle)
        } catch {
            // Whatever has failed in writing or syncing, the next connection is not to take it over.
            if ![SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL, SQLITE_NOMEM].contains(sqlite3_errcode(self.handle) & 0xFF),
                error.reach != .row
            {
                self.log.doubt()
            }
            _ = sqlite3_exec(self.handle, "ROLLBACK", nil, nil, nil)
            throw error
        }
    }

    private func checkLog() throws(SQLFailure) {
        do {
            try self.files.checkLog(self.handle)
        } catch {
            self.change = error as? OpenFiles.Change
            throw SQLFailure(.store, "\(error)")
        }
    }

    private func insert(_ row: BoundRows) throws(SQLFailure) {
        let statement = self.statement
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        let code = row.octets.withUnsafeBytes { octets -> Int32 in
            guard let start = octets.baseAddress else { return SQLITE_MISUSE }
            for (column, range) in row.ranges.enumerated() {
                let index = Int32(column + 1)
                let value = start + range.lowerBound
                let code =
                    switch column {
                    case MailRow.flagColumn:
                        sqlite3_bind_int(statement, index, row.flag(inRow: 0) ? 1 : 0)
                    case MailRow.mailColumn, MailRow.addressColumn:
                        sqlite3_bind_blob64(statement, index, value, UInt64(range.count), nil)
                    default:
                        sqlite3_bind_text64(
                            statement,
                            index,
                            value.assumingMemoryBound(to: CChar.self),
                            UInt64(range.count),
                            nil,
                            UInt8(SQLITE_UTF8)
                        )
                    }
                guard code == SQLITE_OK else { return code }
            }
            return sqlite3_step(statement)
        }
        guard code == SQLITE_DONE || code == SQLITE_ROW else { throw Self.failure(code, self.handle) }
    }

    func find(_ recipients: [[String]]) throws(SQLFailure) -> [Bool] {
        var found: [Bool] = []
        for values in recipients {
            defer { sqlite3_reset(self.statement) }
            for (index, value) in values.enumerated() {
                let code = sqlite3_bind_text(self.statement, Int32(index + 1), value, -1, Self.copied)
                guard code == SQLITE_OK else { throw Self.failure(code, self.handle) }
            }
            let code = sqlite3_step(self.statement)
            guard code == SQLITE_ROW || code == SQLITE_DONE else { throw Self.failure(code, self.handle) }
            found.append(code == SQLITE_ROW)
        }
        return found
    }

    // MARK: - The library

    private static func execute(_ text: String, _ handle: OpaquePointer) throws(SQLFailure) {
        let code = sqlite3_exec(handle, text, nil, nil, nil)
        guard code == SQLITE_OK else { throw self.failure(code, handle) }
    }

    /// The first column of the first row, as text.
    private static func value(_ text: String, _ handle: OpaquePointer) throws(SQLFailure) -> String {
        let statement = try self.prepare(text, handle)
        defer { sqlite3_finalize(statement) }
        let code = sqlite3_step(statement)
        guard code == SQLITE_ROW else { throw self.failure(code, handle) }
        return sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? ""
    }

    private static func prepare(_ text: String, _ handle: OpaquePointer) throws(SQLFailure) -> OpaquePointer {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        // The text is the statement's, which is the operator's: it holds no value.
        guard code == SQLITE_OK, let statement else {
            throw SQLFailure(.store, "\(self.text(handle)) (SQLite: code \(code))")
        }
        return statement
    }

    private static func failure(_ code: Int32, _ handle: OpaquePointer) -> SQLFailure {
        let text = "\(self.text(handle)) (SQLite: code \(code))"
        switch code & 0xFF {
        // The file, or the way we use it. One that is locked keeps every transaction out.
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_READONLY, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CANTOPEN,
            SQLITE_PERM, SQLITE_AUTH, SQLITE_PROTOCOL, SQLITE_INTERNAL, SQLITE_MISUSE, SQLITE_RANGE:
            return SQLFailure(.store, text)
        case SQLITE_FULL, SQLITE_NOMEM, SQLITE_NOLFS:
            return SQLFailure(.resources, text)
        // A constraint, a trigger's RAISE, a function that does not take a value. The text may quote what a message had.
        default:
            return SQLFailure(.row, "a row was refused (SQLite: code \(code))")
        }
    }

    private static func text(_ handle: OpaquePointer) -> String {
        sqlite3_errmsg(handle).map { String(cString: $0) } ?? "no details"
    }

    /// `SQLITE_TRANSIENT`, a macro that is not imported: SQLite copies the text.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}
#endif
