#if MySQL
import CMariaDB
import GuerrillaSQL

/// What an error number of MySQL or MariaDB means for us.
enum MySQLFailure {
    /// Of something that has to do with no row: its text tells everything.
    static func of(_ handle: UnsafeMutablePointer<MYSQL>) -> SQLFailure {
        SQLFailure(self.reach(of: mysql_errno(handle)), self.text(handle))
    }

    static func ofPreparing(_ statement: UnsafeMutablePointer<MYSQL_STMT>) -> SQLFailure {
        let number = mysql_stmt_errno(statement)
        return SQLFailure(
            self.reach(of: number),
            "\(String(cString: mysql_stmt_error(statement))) (error \(number))"
        )
    }

    static func ofExecuting(_ statement: UnsafeMutablePointer<MYSQL_STMT>) -> SQLFailure {
        let number = mysql_stmt_errno(statement)
        let text = self.isTelling(Int32(number)) ? String(cString: mysql_stmt_error(statement)) : "a row was refused"
        return SQLFailure(self.reach(of: number), "\(text) (error \(number))")
    }

    /// After COMMIT was sent: unless the server says that it has rolled back, it may have done it.
    static func ofCommit(_ handle: UnsafeMutablePointer<MYSQL>) -> SQLFailure {
        switch Int32(mysql_errno(handle)) {
        // A cluster's other member was first, or a backup has kept commits waiting.
        case ER_LOCK_DEADLOCK, ER_LOCK_WAIT_TIMEOUT: self.of(handle)
        default: SQLFailure(.unknown, self.text(handle))
        }
    }

    static func text(_ handle: UnsafeMutablePointer<MYSQL>) -> String {
        "\(String(cString: mysql_error(handle))) (error \(mysql_errno(handle)))"
    }

    private static func reach(of number: UInt32) -> SQLFailure.Reach {
        switch Int32(number) {
        // The client's own: no connection (any more), no answer in time. Then what a server says before it ends one.
        case CR_MIN_ERROR...CR_MAX_ERROR, ER_SERVER_SHUTDOWN, ER_NORMAL_SHUTDOWN, ER_FORCING_CLOSE,
            ER_CONNECTION_KILLED,
            ER_ABORTING_CONNECTION, ER_NEW_ABORTING_CONNECTION, ER_NET_READ_ERROR, ER_NET_READ_INTERRUPTED,
            ER_NET_ERROR_ON_WRITE, ER_NET_WRITE_INTERRUPTED:
            .connection
        // Read-only, which another server may not be; a member of a cluster that has left it; an account's limit.
        case ER_OPTION_PREVENTS_STATEMENT, ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, ER_READ_ONLY_MODE,
            ER_INNODB_READ_ONLY,
            ER_CANT_UPDATE_WITH_READLOCK, ER_UNKNOWN_COM_ERROR, ER_USER_LIMIT_REACHED:
            .store
        // In another transaction's way.
        case ER_LOCK_DEADLOCK, ER_CHECKREAD: .conflict
        // The prepared statement has gone, or its table is another one now.
        case ER_UNKNOWN_STMT_HANDLER, ER_NEED_REPREPARE: .stale
        case let number where self.lackOfResources.contains(number): .resources
        default: .row
        }
    }

    /// No disk, no memory, or a table whose files are in no good state.
    private static let lackOfResources: Set<Int32> = [
        ER_CANT_LOCK, ER_CANT_OPEN_FILE, ER_FILE_NOT_FOUND, ER_DISK_FULL, ER_ERROR_ON_READ, ER_ERROR_ON_WRITE,
        ER_GET_ERRNO,
        ER_NOT_KEYFILE, ER_OPEN_AS_READONLY, ER_OUTOFMEMORY, ER_OUT_OF_SORTMEMORY, ER_OUT_OF_RESOURCES,
        ER_RECORD_FILE_FULL, ER_CRASHED_ON_USAGE, ER_CRASHED_ON_REPAIR, ER_LOCK_TABLE_FULL, ER_TOO_MANY_CONCURRENT_TRXS,
        ER_TABLESPACE_MISSING, ER_TABLESPACE_DISCARDED, ER_TABLE_CORRUPT, ER_TEMP_FILE_WRITE_FAILURE,
        ER_NO_SUCH_TABLE_IN_ENGINE, ER_ENGINE_OUT_OF_MEMORY,
    ]

    /// Whether the text names what is in the database, and no value: others quote what was in a message.
    private static func isTelling(_ number: Int32) -> Bool {
        switch self.reach(of: UInt32(number)) {
        case .row: self.tellingOfRows.contains(number)
        case .conflict, .resources, .stale, .connection, .store, .unknown: true
        }
    }

    private static let tellingOfRows: Set<Int32> = [
        ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR,
        ER_PROCACCESS_DENIED_ERROR,
        ER_NO_SUCH_TABLE, ER_BAD_FIELD_ERROR, ER_NO_SUCH_USER, ER_NO_DEFAULT_FOR_FIELD, ER_BAD_NULL_ERROR,
        ER_DATA_TOO_LONG, ER_WARN_DATA_OUT_OF_RANGE, WARN_DATA_TRUNCATED, ER_TOO_BIG_ROWSIZE, ER_NO_REFERENCED_ROW_2,
        ER_CONSTRAINT_FAILED, ER_VIEW_CHECK_FAILED, ER_SUBQUERY_NO_1_ROW, ER_DIVISION_BY_ZERO,
        ER_CANT_AGGREGATE_2COLLATIONS,
        ER_CANT_AGGREGATE_3COLLATIONS, ER_CANT_AGGREGATE_NCOLLATIONS, ER_NET_PACKET_TOO_LARGE, ER_TRANS_CACHE_FULL,
        ER_STMT_CACHE_FULL, ER_LOCK_WAIT_TIMEOUT, ER_STATEMENT_TIMEOUT, ER_QUERY_INTERRUPTED, ER_UNDO_RECORD_TOO_BIG,
    ]
}
#endif
