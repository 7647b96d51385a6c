#if SQLite
import GRDB
import GRDBSQLite

/// Runs the checkpoints of a connection after its commits, as SQLite does by itself, and keeps what SQLite drops: that one of
/// them met an I/O error.
///
/// After a sync of the database that failed, pages of it may be in the page cache only, and the next checkpoint does not write
/// them again if an earlier one had written them without a sync, as it does while another program reads.
final class Checkpoints {
    /// As many frames in the log make a checkpoint, SQLite's own default.
    private static let threshold: Int32 = 1_000

    /// The last I/O error of a checkpoint.
    private(set) var failure: DatabaseError?

    /// - Parameter connection: Must not be used any more when this object is gone.
    init(of connection: OpaquePointer) {
        sqlite3_wal_hook(
            connection,
            { context, connection, name, frames in
                guard frames >= Checkpoints.threshold, let context, let connection else { return SQLITE_OK }
                let code = sqlite3_wal_checkpoint_v2(connection, name, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
                if code & 0xFF == SQLITE_IOERR {
                    Unmanaged<Checkpoints>.fromOpaque(context).takeUnretainedValue().failure =
                        WriteAheadLog.error(code, connection)
                }
                // Anything else would make the commit fail, which it has not.
                return SQLITE_OK
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }
}
#endif
