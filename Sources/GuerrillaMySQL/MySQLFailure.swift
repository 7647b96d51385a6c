#if MySQL
import CMariaDB
import GuerrillaSQL

/// What an error number of MySQL or MariaDB means for us.
enum MySQLFailure {
    static func of(_ handle: UnsafeMutablePointer<MYSQL>) -> SQLFailure {
        self.failure(mysql_errno(handle), self.text(handle))
    }

    static func of(_ statement: UnsafeMutablePointer<MYSQL_STMT>) -> SQLFailure {
        let number = mysql_stmt_errno(statement)
        return self.failure(number, self.text(number, String(cString: mysql_stmt_error(statement))))
    }

    /// After COMMIT was sent: unless the server says that rows were at fault, it may have done it.
    static func ofCommit(_ handle: UnsafeMutablePointer<MYSQL>) -> SQLFailure {
        let failure = self.of(handle)
        return failure.reach == .row ? failure : SQLFailure(.unknown, failure.description)
    }

    static func text(_ handle: UnsafeMutablePointer<MYSQL>) -> String {
        self.text(mysql_errno(handle), String(cString: mysql_error(handle)))
    }

    private static func text(_ number: UInt32, _ text: String) -> String {
        // Some errors quote the value of a row.
        self.rowErrors.contains(Int32(number))
            ? "a row was refused (error \(number))"
            : "\(text) (error \(number))"
    }

    private static func failure(_ number: UInt32, _ text: String) -> SQLFailure {
        switch Int32(number) {
        // The client's own: no connection (any more), no answer in time. ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED.
        case CR_MIN_ERROR...CR_MAX_ERROR, ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED:
            SQLFailure(.connection, text)
        case let number where self.rowErrors.contains(number):
            SQLFailure(.row, text)
        default:
            SQLFailure(.store, text)
        }
    }

    /// What may be the fault of a value, or of rows that meet; a smaller transaction may do.
    private static let rowErrors: Set<Int32> = [
        ER_BAD_NULL_ERROR, ER_DUP_ENTRY, ER_DUP_ENTRY_WITH_KEY_NAME, ER_DUP_UNKNOWN_IN_INDEX, ER_DATA_TOO_LONG,
        ER_TRUNCATED_WRONG_VALUE_FOR_FIELD, ER_TRUNCATED_WRONG_VALUE, ER_WARN_DATA_OUT_OF_RANGE, WARN_DATA_TRUNCATED,
        ER_NO_REFERENCED_ROW, ER_NO_REFERENCED_ROW_2, ER_SIGNAL_EXCEPTION, ER_NET_PACKET_TOO_LARGE, ER_LOCK_DEADLOCK,
        ER_CONSTRAINT_FAILED, ER_INVALID_CHARACTER_STRING, ER_CANNOT_CONVERT_CHARACTER,
    ]
}
#endif
