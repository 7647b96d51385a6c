#if SQLite
import GRDB

/// The tables of the store and how they came to be.
enum SQLiteSchema {
    /// `GUER` in the file header, so that neither we nor `file(1)` mistakes another program's database for ours.
    static let applicationID: Int32 = 0x4755_4552

    /// Octets of a page of a new database. Against SQLite's 4,096 this saves a fifth of the system time of a 2 KB message and
    /// a quarter of that of a 1 MB one, for there are fewer pages to write; 16,384 costs more when messages come singly.
    static let pageSize = 8_192

    /// All migrations, oldest first. A migration that has been released never changes; a new one is added below it.
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-messages") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            // The two BLOBs come last: a listing then never reads the pages they overflow to.
            // AUTOINCREMENT: the id of a deleted message must not come back, since readers page by it.
            try db.execute(
                sql: """
                    CREATE TABLE message (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        queued_id TEXT NOT NULL UNIQUE,
                        received_at INTEGER NOT NULL,
                        client_address TEXT NOT NULL,
                        client_port INTEGER NOT NULL,
                        helo TEXT NOT NULL,
                        protocol TEXT NOT NULL,
                        tls TEXT,
                        reverse_path TEXT NOT NULL,
                        subject TEXT,
                        headers TEXT,
                        size INTEGER NOT NULL,
                        delivery_header BLOB NOT NULL,
                        data BLOB NOT NULL
                    )
                    """
            )
            try db.execute(
                sql: """
                    CREATE TABLE recipient (
                        message_id INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,
                        position INTEGER NOT NULL,
                        forward_path TEXT NOT NULL,
                        PRIMARY KEY (message_id, position)
                    ) WITHOUT ROWID
                    """
            )
        }
        return migrator
    }()

    /// Refuses a database that is not ours or that a newer version has changed, before anything is written to it.
    ///
    /// - Parameter emptyIsOurs: Whether a database without any table is accepted, to be filled by the migrations. It gets
    ///   ``pageSize``, which cannot be changed once something is written, and is marked as ours before there is a table: a start that
    ///   is cut off between the two must not leave a database that the next one refuses.
    static func check(_ db: Database, path: String, emptyIsOurs: Bool) throws {
        let found = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        if found != Int64(applicationID) {
            let tables = try Int64.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            guard emptyIsOurs, found == 0, tables == 0 else {
                throw SQLiteStoreError(
                    .foreignDatabase,
                    "'\(path)' is a database, but not a mail store of this program; name another file"
                )
            }
            try db.execute(sql: "PRAGMA page_size = \(self.pageSize)")
            try db.execute(sql: "PRAGMA application_id = \(self.applicationID)")
        }
        if try migrator.hasBeenSuperseded(db) {
            throw SQLiteStoreError(
                .newerSchema,
                "'\(path)' was written by a newer version of this program; install that version or name another file"
            )
        }
    }
}
#endif
