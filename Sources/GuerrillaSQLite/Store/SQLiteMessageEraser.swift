#if SQLite
import GRDB
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Deletes messages of an ``SQLiteMessageStore``, also from another process and while the daemon writes.
///
/// Works in small transactions with a pause after each, so that the daemon's commits come in between. What is deleted is overwritten in
/// the database (`PRAGMA secure_delete`); the space is used again for later messages.
///
/// The calls block.
public final class SQLiteMessageEraser: Sendable {
    /// Most messages and octets of one transaction; a single larger message is one of its own.
    private static let largestBatch = (messages: 64, octets: 4 << 20)

    private let queue: DatabaseQueue

    /// The path given at creation.
    public let path: String

    /// How many messages, and how many octets they have.
    public struct Amount: Sendable, Equatable {
        /// Messages.
        public var messages = 0
        /// Octets, without delivery headers.
        public var octets = 0
        /// The largest row id among them.
        public var lastID: Int64 = 0

        /// Nothing.
        public init() {}
    }

    /// Opens the database, which must exist and have the schema of this version.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - busyTimeout: How long to wait for the daemon. The default is 30 seconds.
    /// - Throws: ``SQLiteStoreError``.
    public init(path: String, busyTimeout: Duration = .seconds(30)) throws {
        self.path = path
        // Also makes sure that the schema is ours: nothing is to be migrated here.
        _ = try SQLiteMessageReader(readingFrom: path)
        try SQLiteFile.checkForWriting(path)
        var configuration = Configuration()
        configuration.label = "guerrilla.sqlite.eraser"
        // SQLite's own waiting looks ever less often, and would hardly find the moment between two commits of a busy daemon.
        let largestCount = Int(busyTimeout.secondsForSQLite * 500)
        configuration.busyMode = .callback { count in
            usleep(2_000)
            return count < largestCount
        }
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA secure_delete = ON")
            try db.execute(sql: "PRAGMA synchronous = EXTRA")
        }
        self.queue = try SQLiteStoreError.translating(path: path) {
            try DatabaseQueue(path: SQLiteFile.name(of: path), configuration: configuration)
        }
    }

    /// How much was received before a moment.
    ///
    /// - Parameter microseconds: Since 1970-01-01 00:00 UTC.
    /// - Throws: ``SQLiteStoreError``.
    public func amount(receivedBefore microseconds: Int64) throws -> Amount {
        try SQLiteStoreError.translating(path: self.path) {
            try self.queue.read { db in
                let row = try Row.fetchOne(
                    db,
                    sql: "SELECT count(*), total(size), max(id) FROM message WHERE received_at < ?",
                    arguments: [microseconds]
                )
                var amount = Amount()
                amount.messages = Int.fromDatabaseValue(row?[0] ?? .null) ?? 0
                amount.octets = Double.fromDatabaseValue(row?[1] ?? .null).flatMap { Int(exactly: $0.rounded()) } ?? 0
                amount.lastID = Int64.fromDatabaseValue(row?[2] ?? .null) ?? 0
                return amount
            }
        }
    }

    /// Deletes what was received before a moment.
    ///
    /// - Parameters:
    ///   - microseconds: Since 1970-01-01 00:00 UTC.
    ///   - lastID: Later messages stay, whenever they were received.
    /// - Returns: What was deleted.
    /// - Throws: ``SQLiteStoreError``. What was deleted until then stays deleted.
    @discardableResult
    public func delete(receivedBefore microseconds: Int64, upTo lastID: Int64) throws -> Amount {
        var deleted = Amount()
        while true {
            let batch = try self.batch { db in
                try Row.fetchAll(
                    db,
                    sql: """
                        SELECT id, size FROM message WHERE id > ? AND id <= ? AND received_at < ?
                        ORDER BY id LIMIT \(Self.largestBatch.messages)
                        """,
                    arguments: [deleted.lastID, lastID, microseconds]
                )
            }
            guard batch.messages > 0 else { return deleted }
            deleted.messages += batch.messages
            deleted.octets += batch.octets
            deleted.lastID = batch.lastID
        }
    }

    /// Deletes single messages: all of them, or none when one is not there.
    ///
    /// - Throws: ``SQLiteStoreError``, `.noSuchMessage` with all that are not there. What was deleted until another error stays deleted.
    @discardableResult
    public func delete(_ identifiers: [StoredMessageIdentifier]) throws -> Amount {
        var left = try self.ids(of: identifiers)[...]
        var deleted = Amount()
        while !left.isEmpty {
            let ids = Array(left.prefix(Self.largestBatch.messages))
            let batch = try self.batch { db in
                let places = databaseQuestionMarks(count: ids.count)
                return try Row.fetchAll(
                    db,
                    sql: "SELECT id, size FROM message WHERE id IN (\(places)) ORDER BY id",
                    arguments: StatementArguments(ids)
                )
            }
            // Somebody else may have deleted the rest of them.
            left = batch.messages == 0 ? left.dropFirst(ids.count) : left.drop { $0 <= batch.lastID }
            deleted.messages += batch.messages
            deleted.octets += batch.octets
            deleted.lastID = batch.lastID
        }
        return deleted
    }

    /// The row ids in rising order, each once.
    private func ids(of identifiers: [StoredMessageIdentifier]) throws -> [Int64] {
        var ids: Set<Int64> = []
        var missing: [StoredMessageIdentifier] = []
        try SQLiteStoreError.translating(path: self.path) {
            try self.queue.read { db in
                for identifier in identifiers {
                    let id: Int64? =
                        switch identifier {
                        case .id(let id):
                            try Int64.fetchOne(db, sql: "SELECT id FROM message WHERE id = ?", arguments: [id])
                        case .queuedID(let id):
                            try Int64.fetchOne(db, sql: "SELECT id FROM message WHERE queued_id = ?", arguments: [id])
                        }
                    if let id { ids.insert(id) } else { missing.append(identifier) }
                }
            }
        }
        guard missing.isEmpty else {
            let names = missing.map(\.description).joined(separator: ", ")
            throw SQLiteStoreError(.noSuchMessage, "'\(self.path)' has no message with \(names); nothing was deleted")
        }
        return ids.sorted()
    }

    /// Deletes the first of the rows in one transaction, then lets others have their turn.
    private func batch(_ rows: (Database) throws -> [Row]) throws -> Amount {
        let began = ContinuousClock.now
        let amount = try SQLiteStoreError.translating(path: self.path) {
            try self.queue.writeWithoutTransaction { db in
                var amount = Amount()
                try db.inTransaction(.immediate) {
                    for row in try rows(db) {
                        let size = Int.fromDatabaseValue(row[1]) ?? 0
                        guard let id = Int64.fromDatabaseValue(row[0]) else { continue }
                        if amount.messages > 0, amount.octets + size > Self.largestBatch.octets { break }
                        // Its recipients go with it: ON DELETE CASCADE.
                        try db.execute(sql: "DELETE FROM message WHERE id = ?", arguments: [id])
                        amount.messages += 1
                        amount.octets += size
                        amount.lastID = id
                    }
                    return .commit
                }
                return amount
            }
        }
        if amount.messages > 0 {
            // SQLite's lock is not fair, and who waits for it looks only every now and then: leave it free as long as it was held.
            let pause = min(max(ContinuousClock.now - began, .milliseconds(2)), .milliseconds(200))
            usleep(UInt32(pause / .microseconds(1)))
        }
        return amount
    }
}
#endif
