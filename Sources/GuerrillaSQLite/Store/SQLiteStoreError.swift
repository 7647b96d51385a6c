#if SQLite
import GRDB

/// Why the SQLite store could not be opened, written or read.
///
/// The description is one sentence for the administrator that names the file and says what to do. It never contains message
/// content.
public struct SQLiteStoreError: Error, CustomStringConvertible {
    /// The kind of failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        /// The file or its directory is missing, not a file, or may not be used by this user.
        public static let cannotOpen = Code(description: "cannotOpen")
        /// The file is not an SQLite database.
        public static let notADatabase = Code(description: "notADatabase")
        /// The file is a database, but not one of ours.
        public static let foreignDatabase = Code(description: "foreignDatabase")
        /// A newer version of the program has changed the schema.
        public static let newerSchema = Code(description: "newerSchema")
        /// The schema is older than this program and the file was opened only for reading.
        public static let olderSchema = Code(description: "olderSchema")
        /// WAL mode or `PRAGMA synchronous=EXTRA` has not taken effect, so a commit would not survive a power cut.
        public static let notDurable = Code(description: "notDurable")
        /// Another program holds the lock for longer than the busy time-out.
        public static let busy = Code(description: "busy")
        /// The disk is full.
        public static let full = Code(description: "full")
        /// The file was removed or replaced while open.
        public static let fileReplaced = Code(description: "fileReplaced")
        /// The database is damaged.
        public static let damaged = Code(description: "damaged")
        /// The store was closed.
        public static let closed = Code(description: "closed")
        /// A message violates a constraint or is larger than SQLite allows.
        public static let messageRefused = Code(description: "messageRefused")
        /// There is no such message.
        public static let noSuchMessage = Code(description: "noSuchMessage")
        /// Any other failure of SQLite, an I/O error for example.
        public static let failed = Code(description: "failed")
    }

    /// The kind of failure.
    public var code: Code
    /// What happened and what to do, in one sentence.
    public var description: String
    /// SQLite's extended result code, if SQLite reported the failure.
    public var resultCode: Int32?

    init(_ code: Code, _ description: String, resultCode: Int32? = nil) {
        self.code = code
        self.description = description
        self.resultCode = resultCode
    }

    /// Translates an error of SQLite met at `path`.
    init(_ error: DatabaseError, path: String) {
        let (code, advice): (Code, String) =
            switch error.resultCode {
            case .SQLITE_NOTADB:
                (.notADatabase, "is not an SQLite database; name another file or move this one away")
            case .SQLITE_CORRUPT:
                (.damaged, "is damaged; restore it from a backup or salvage it with the .recover command of sqlite3")
            case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
                (.cannotOpen, "cannot be opened; let this user read and write it and its directory")
            case .SQLITE_READONLY:
                (.cannotOpen, "cannot be written; let this user write it and its directory")
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                (.busy, "is locked by another program; end that program or lengthen the busy time-out")
            case .SQLITE_FULL:
                (.full, "cannot grow; free space on its disk")
            case .SQLITE_IOERR:
                (.failed, "cannot be read or written; look for disk errors in the kernel's log")
            case .SQLITE_CONSTRAINT, .SQLITE_TOOBIG, .SQLITE_MISMATCH:
                (.messageRefused, "does not accept the message")
            default:
                (.failed, "cannot be used")
            }
        let detail = error.message ?? "no details"
        self.init(
            code,
            "'\(path)' \(advice) (SQLite: \(detail), code \(error.extendedResultCode.rawValue))",
            resultCode: error.extendedResultCode.rawValue
        )
    }

    /// Runs `body` and translates what SQLite throws.
    static func translating<Value>(path: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw SQLiteStoreError(error, path: path)
        }
    }
}
#endif
