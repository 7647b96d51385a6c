#if SQLite
import GRDB
import GRDBSQLite
import GuerrillaMail
import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Reads the messages of an ``SQLiteMessageStore``, also from another process and while the daemon writes: in WAL mode a
/// reader sees the state of its start, blocks no writer and is blocked by none.
///
/// Nothing is written to the database and a missing file is not created. WAL mode has one demand, though: readers take part
/// in its locks through the `-shm` file. While the daemon runs the file is there and read permission suffices. When the
/// last connection has closed it is gone, and the reader must create it anew, together with an empty `-wal`: that needs
/// write permission for the directory. So run the reader as the daemon's user or as root.
public final class SQLiteMessageReader: Sendable {
    private let queue: DatabaseQueue

    /// The path given at creation.
    public let path: String

    /// Opens the database for reading only.
    ///
    /// - Parameters:
    ///   - path: The database file, which must exist and have the schema of this version.
    ///   - busyTimeout: How long to wait for a lock. The default is 5 seconds.
    /// - Throws: ``SQLiteStoreError``.
    public init(readingFrom path: String, busyTimeout: Duration = .seconds(5)) throws {
        self.path = path
        try SQLiteFile.prepareForReading(path)
        var configuration = Configuration()
        configuration.label = "guerrilla.sqlite.reader"
        configuration.readonly = true
        configuration.busyMode = .timeout(busyTimeout.secondsForSQLite)
        configuration.prepareDatabase { db in
            try SQLiteSchema.check(db, path: path, emptyIsOurs: false)
            guard try SQLiteSchema.migrator.hasCompletedMigrations(db) else {
                throw SQLiteStoreError(
                    .olderSchema,
                    "'\(path)' was written by an older version of this program; start the daemon once to bring it up to date"
                )
            }
        }
        self.queue = try SQLiteStoreError.translating(path: path) {
            do {
                return try DatabaseQueue(path: SQLiteFile.name(of: path), configuration: configuration)
            } catch let error as DatabaseError where [.SQLITE_READONLY, .SQLITE_CANTOPEN].contains(error.resultCode) {
                throw SQLiteStoreError(
                    .cannotOpen,
                    "'\(path)' cannot be read while no daemon uses it, because this user may not create the files SQLite needs "
                        + "beside it; run this as the daemon's user",
                    resultCode: error.extendedResultCode.rawValue
                )
            }
        }
    }

    /// The messages, newest first.
    ///
    /// - Parameters:
    ///   - limit: Most messages returned.
    ///   - id: Only messages with a smaller row id: the last id of the page before.
    /// - Throws: ``SQLiteStoreError``.
    public func list(limit: Int, before id: Int64? = nil) throws -> [StoredMessageSummary] {
        try self.summaries("id < ? ORDER BY id DESC", id ?? .max, limit: limit)
    }

    /// The messages that came after another, oldest first.
    ///
    /// - Parameters:
    ///   - limit: Most messages returned.
    ///   - id: Only messages with a larger row id: the last id seen, 0 for all.
    /// - Throws: ``SQLiteStoreError``.
    public func list(limit: Int, after id: Int64) throws -> [StoredMessageSummary] {
        try self.summaries("id > ? ORDER BY id", id, limit: limit)
    }

    /// One message with all its octets in memory. For large messages see ``export(_:to:)``.
    ///
    /// - Throws: ``SQLiteStoreError``, `.noSuchMessage` if there is none.
    public func message(_ identifier: StoredMessageIdentifier) throws -> StoredMessageRecord {
        try self.read { db in
            let id = try self.id(of: identifier, db)
            guard
                let row = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT queued_id, received_at, client_address, client_port, helo, protocol, tls, reverse_path, \
                        subject, headers FROM message WHERE id = ?
                        """,
                    arguments: [id]
                )
            else { throw self.noSuchMessage(identifier) }
            var message = StoredMessage(
                queuedID: try self.value(row, "queued_id"),
                receivedAtMicroseconds: try self.value(row, "received_at"),
                clientAddress: try self.value(row, "client_address"),
                clientPort: try self.value(row, "client_port"),
                helo: try self.value(row, "helo"),
                transmissionType: try self.value(row, "protocol"),
                tls: try self.value(row, "tls"),
                reversePath: try self.value(row, "reverse_path"),
                recipients: try self.recipients(of: id, db),
                subject: try self.value(row, "subject"),
                headers: try self.headers(try self.value(row, "headers")),
                data: []
            )
            message.deliveryHeader = try SQLiteBlob(db, column: "delivery_header", row: id).readAll()
            message.data = [try SQLiteBlob(db, column: "data", row: id).readAll()]
            return StoredMessageRecord(id: id, message: message)
        }
    }

    /// Hands out the delivery header and then the message, exactly as stored, in pieces of at most 64 KiB.
    ///
    /// While `write` runs the reader keeps its view of the database, so the daemon's `-wal` file cannot shrink: don't wait
    /// in it for long.
    ///
    /// - Parameters:
    ///   - identifier: The message.
    ///   - write: Gets each piece; the pointer is valid during the call only. What it throws is thrown on.
    /// - Returns: The number of octets handed out.
    /// - Throws: ``SQLiteStoreError``, `.noSuchMessage` if there is none.
    @discardableResult
    public func export(
        _ identifier: StoredMessageIdentifier,
        to write: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int {
        try self.read { db in
            let id = try self.id(of: identifier, db)
            let header = try SQLiteBlob(db, column: "delivery_header", row: id)
            let data = try SQLiteBlob(db, column: "data", row: id)
            try header.read(pieces: 1 << 16, to: write)
            try data.read(pieces: 1 << 16, to: write)
            return header.count + data.count
        }
    }

    // MARK: - Reading

    private func summaries(_ condition: String, _ id: Int64, limit: Int) throws -> [StoredMessageSummary] {
        try self.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, queued_id, received_at, reverse_path, size, subject FROM message
                    WHERE \(condition) LIMIT ?
                    """,
                arguments: [id, max(0, limit)]
            )
            return try rows.map { row in
                let id: Int64 = try self.value(row, "id")
                return StoredMessageSummary(
                    id: id,
                    queuedID: try self.value(row, "queued_id"),
                    receivedAtMicroseconds: try self.value(row, "received_at"),
                    reversePath: try self.value(row, "reverse_path"),
                    recipients: try self.recipients(of: id, db),
                    size: try self.value(row, "size"),
                    subject: try self.value(row, "subject")
                )
            }
        }
    }

    /// Runs `body` in one transaction, so that all it reads belongs together.
    private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try SQLiteStoreError.translating(path: self.path) {
            try self.queue.read(body)
        }
    }

    private func id(of identifier: StoredMessageIdentifier, _ db: Database) throws -> Int64 {
        let id: Int64? =
            switch identifier {
            case .id(let id): try Int64.fetchOne(db, sql: "SELECT id FROM message WHERE id = ?", arguments: [id])
            case .queuedID(let id):
                try Int64.fetchOne(db, sql: "SELECT id FROM message WHERE queued_id = ?", arguments: [id])
            }
        guard let id else { throw self.noSuchMessage(identifier) }
        return id
    }

    private func recipients(of id: Int64, _ db: Database) throws -> [String] {
        let statement = try db.cachedStatement(
            sql: "SELECT forward_path FROM recipient WHERE message_id = ? ORDER BY position"
        )
        return try Row.fetchAll(statement, arguments: [id]).map { try self.value($0, "forward_path") }
    }

    private func headers(_ json: String?) throws -> HeaderSection? {
        guard let json else { return nil }
        guard let pairs = try? JSONDecoder().decode([[String]].self, from: Data(json.utf8)),
            pairs.allSatisfy({ $0.count == 2 })
        else { throw self.damaged("headers") }
        return HeaderSection(fields: pairs.map { HeaderField(name: $0[0], body: $0[1]) })
    }

    /// A column's value. Subscripting the row would trap on a value of another type, which a damaged or edited database may
    /// hold.
    private func value<Value: DatabaseValueConvertible>(_ row: Row, _ column: String) throws -> Value {
        guard let value = Value.fromDatabaseValue(row[column]) else { throw self.damaged(column) }
        return value
    }

    private func value(_ row: Row, _ column: String) throws -> String? {
        let value: DatabaseValue = row[column]
        return value.isNull ? nil : try self.value(row, column) as String
    }

    private func damaged(_ column: String) -> SQLiteStoreError {
        SQLiteStoreError(
            .damaged,
            "'\(self.path)' holds an unexpected value in the column '\(column)'; restore a backup"
        )
    }

    private func noSuchMessage(_ identifier: StoredMessageIdentifier) -> SQLiteStoreError {
        SQLiteStoreError(.noSuchMessage, "'\(self.path)' has no message with \(identifier)")
    }
}
#endif
