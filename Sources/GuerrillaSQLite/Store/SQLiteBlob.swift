#if SQLite
import GRDB
import GRDBSQLite
import NIOCore

/// Reads one BLOB of the table `message` piece by piece, so that a large message is never whole in memory.
struct SQLiteBlob: ~Copyable {
    private let handle: OpaquePointer
    private let db: Database

    /// Octets of the BLOB.
    let count: Int

    init(_ db: Database, column: String, row: Int64, isWritable: Bool = false) throws {
        var handle: OpaquePointer?
        let code = sqlite3_blob_open(db.sqliteConnection, "main", "message", column, row, isWritable ? 1 : 0, &handle)
        guard code == SQLITE_OK, let handle else { throw Self.error(code, db) }
        self.handle = handle
        self.db = db
        self.count = Int(sqlite3_blob_bytes(handle))
    }

    deinit {
        sqlite3_blob_close(self.handle)
    }

    /// Hands out all octets in pieces of at most `size` octets, in one reused piece of memory.
    func read(pieces size: Int, to write: (UnsafeRawBufferPointer) throws -> Void) throws {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: min(size, self.count), alignment: 1)
        defer { piece.deallocate() }
        var offset = 0
        while offset < self.count {
            let part = UnsafeMutableRawBufferPointer(rebasing: piece[..<min(size, self.count - offset)])
            try self.read(into: part, at: offset)
            try write(UnsafeRawBufferPointer(part))
            offset += part.count
        }
    }

    /// All octets in one buffer.
    func readAll() throws -> ByteBuffer {
        var buffer = ByteBuffer()
        guard self.count > 0 else { return buffer }
        try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: self.count) { memory in
            try self.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[..<self.count]), at: 0)
            return self.count
        }
        return buffer
    }

    /// Overwrites the BLOB, which must have the length of all the chunks.
    func write(_ chunks: [ByteBuffer]) throws {
        var offset = 0
        for chunk in chunks {
            let code = chunk.withUnsafeReadableBytes { bytes in
                sqlite3_blob_write(self.handle, bytes.baseAddress, Int32(bytes.count), Int32(offset))
            }
            guard code == SQLITE_OK else { throw Self.error(code, self.db) }
            offset += chunk.readableBytes
        }
    }

    private func read(into memory: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        // SQLite's BLOBs are below 2³¹ octets, so the conversions cannot fail.
        let code = sqlite3_blob_read(self.handle, memory.baseAddress, Int32(memory.count), Int32(offset))
        guard code == SQLITE_OK else { throw Self.error(code, self.db) }
    }

    private static func error(_ code: Int32, _ db: Database) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
    }
}
#endif
