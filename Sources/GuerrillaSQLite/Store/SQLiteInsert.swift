#if SQLite
import GRDB
import GRDBSQLite
import NIOCore

/// Inserts messages with two statements kept by the connection.
///
/// Binds through the C interface, not GRDB's `StatementArguments`: octets are then read in place, without a copy into
/// `Data`, and a row costs no array of existentials.
struct SQLiteInsert {
    /// Larger messages are written into their row piece by piece. Binding all octets at once takes as much memory again for
    /// joining the pieces, and again for SQLite's copy of the row (166 MB against 17 MB for a message of 50 MB); but what
    /// exceeds SQLite's page cache is written to the disk one more time, as the zeros it replaces. The CPU time is the same.
    private static let largestBound = 4 << 20

    private let db: Database
    private let message: SQLiteStatement
    private let recipient: SQLiteStatement
    private var json = HeaderJSON()

    init(_ db: Database) throws {
        self.db = db
        self.message =
            try db.cachedStatement(
                sql: """
                    INSERT INTO message (queued_id, received_at, client_address, client_port, helo, protocol, tls, \
                    reverse_path, subject, headers, size, delivery_header, data) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)
                    """
            ).sqliteStatement
        self.recipient =
            try db.cachedStatement(sql: "INSERT INTO recipient (message_id, position, forward_path) VALUES (?,?,?)")
            .sqliteStatement
    }

    /// Inserts one message with its recipients, inside the current transaction.
    ///
    /// - Returns: The row id.
    mutating func insert(_ message: StoredMessage) throws -> Int64 {
        let size = message.size
        let statement = self.message
        try self.bind(text: message.queuedID, to: statement, at: 1)
        try self.check(sqlite3_bind_int64(statement, 2, message.receivedAtMicroseconds))
        try self.bind(text: message.clientAddress, to: statement, at: 3)
        try self.check(sqlite3_bind_int64(statement, 4, Int64(message.clientPort)))
        try self.bind(text: message.helo, to: statement, at: 5)
        try self.bind(text: message.transmissionType, to: statement, at: 6)
        try self.bind(text: message.tls, to: statement, at: 7)
        try self.bind(text: message.reversePath, to: statement, at: 8)
        try self.bind(text: message.subject, to: statement, at: 9)
        try self.check(sqlite3_bind_int64(statement, 11, Int64(size)))

        self.json.write(message.headers)
        // What is bound from here on is read by the step itself and must not outlive it.
        defer { sqlite3_clear_bindings(statement) }
        try self.json.octets.withUnsafeBytes { json in
            if !json.isEmpty {
                let text = json.baseAddress?.assumingMemoryBound(to: CChar.self)
                try self.check(sqlite3_bind_text64(statement, 10, text, UInt64(json.count), nil, UInt8(SQLITE_UTF8)))
            }
            try message.deliveryHeader.withUnsafeReadableBytes { header in
                try self.bind(blob: header, to: statement, at: 12)
                guard size <= Self.largestBound else {
                    try self.check(sqlite3_bind_zeroblob64(statement, 13, UInt64(size)))
                    return try self.step(statement)
                }
                try Self.withContiguousBytes(of: message.data, size: size) { data in
                    try self.bind(blob: data, to: statement, at: 13)
                    try self.step(statement)
                }
            }
        }
        let id = sqlite3_last_insert_rowid(self.db.sqliteConnection)
        if size > Self.largestBound {
            try SQLiteBlob(self.db, column: "data", row: id, isWritable: true).write(message.data)
        }
        for (position, forwardPath) in message.recipients.enumerated() {
            try self.check(sqlite3_bind_int64(self.recipient, 1, id))
            try self.check(sqlite3_bind_int64(self.recipient, 2, Int64(position)))
            try self.bind(text: forwardPath, to: self.recipient, at: 3)
            try self.step(self.recipient)
        }
        return id
    }

    /// Calls `body` with the octets of all chunks in a row. A single chunk is not copied, several are joined.
    private static func withContiguousBytes(
        of chunks: [ByteBuffer],
        size: Int,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard let first = chunks.first(where: { $0.readableBytes > 0 }) else {
            return try body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        guard first.readableBytes < size else {
            return try first.withUnsafeReadableBytes(body)
        }
        let joined = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
        defer { joined.deallocate() }
        var offset = 0
        for chunk in chunks {
            chunk.withUnsafeReadableBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: joined[offset...]).copyMemory(from: bytes)
                offset += bytes.count
            }
        }
        try body(UnsafeRawBufferPointer(joined))
    }

    private func bind(text: String?, to statement: SQLiteStatement, at index: Int32) throws {
        guard var text else {
            return try self.check(sqlite3_bind_null(statement, index))
        }
        // SQLite leaves TEXT with NUL inside undefined, and its command line would show only what is before it.
        if text.utf8.contains(0) { text = text.replacingNUL }
        try self.check(
            text.withUTF8 { bytes in
                // An empty string may have no address, and SQLite would take that for NULL.
                guard let start = bytes.baseAddress else {
                    return sqlite3_bind_text(statement, index, "", 0, Self.copied)
                }
                return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { start in
                    sqlite3_bind_text64(statement, index, start, UInt64(bytes.count), Self.copied, UInt8(SQLITE_UTF8))
                }
            }
        )
    }

    private func bind(blob: UnsafeRawBufferPointer, to statement: SQLiteStatement, at index: Int32) throws {
        guard let start = blob.baseAddress, blob.count > 0 else {
            // No octets, which is not NULL.
            return try self.check(sqlite3_bind_zeroblob(statement, index, 0))
        }
        try self.check(sqlite3_bind_blob64(statement, index, start, UInt64(blob.count), nil))
    }

    private func step(_ statement: SQLiteStatement) throws {
        let code = sqlite3_step(statement)
        let error = code == SQLITE_DONE ? nil : self.error(code)
        sqlite3_reset(statement)
        if let error { throw error }
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw self.error(code) }
    }

    private func error(_ code: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: sqlite3_errmsg(self.db.sqliteConnection).map { String(cString: $0) }
        )
    }

    /// `SQLITE_TRANSIENT`, a macro that is not imported: SQLite copies the text.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}

extension String {
    /// The text with U+FFFD in the place of each NUL.
    fileprivate var replacingNUL: String {
        var octets: [UInt8] = []
        octets.reserveCapacity(self.utf8.count)
        for octet in self.utf8 {
            if octet == 0 { octets.append(contentsOf: [0xEF, 0xBF, 0xBD]) } else { octets.append(octet) }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
#endif
