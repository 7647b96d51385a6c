#if SQLite
import GRDB
import GRDBSQLite

/// The write-ahead log (`-wal`) of an open connection, reached through the files that the connection itself has open.
///
/// The formats are documented: <https://sqlite.org/walformat.html>.
struct WriteAheadLog {
    /// Octets in front of all frames, and in front of the page in each of them.
    private static let header = Int64(32)
    private static let frameHeader = Int64(24)
    /// Octets of the first block of the index (`-shm`), and where in it the size of a page and the number of frames stand.
    private static let indexBlock = Int32(32_768)
    private static let pageSizeOffset = 14
    private static let framesOffset = 16
    /// As much as SQLite ever writes at once. Its way to the system would cut off what is more than 128 KiB.
    private static let pieceSize = 1 << 16

    let connection: OpaquePointer

    /// The octets that the committed transactions take, by the index. The connection is in a transaction.
    func committedSize() throws(DatabaseError) -> Int64 {
        let (file, methods) = try self.file(SQLITE_FCNTL_FILE_POINTER)
        var block: UnsafeMutableRawPointer?
        guard methods.iVersion >= 2, let map = methods.xShmMap else { throw Self.error(SQLITE_MISUSE) }
        // It is mapped already, by the transaction.
        let code = map(file, 0, Self.indexBlock, 0, &block)
        guard code == SQLITE_OK, let block else { throw Self.error(code == SQLITE_OK ? SQLITE_IOERR : code) }
        let frames = block.load(fromByteOffset: Self.framesOffset, as: UInt32.self)
        guard frames > 0 else { return 0 }
        let size = block.load(fromByteOffset: Self.pageSizeOffset, as: UInt16.self)
        // 65,536 does not fit and is written as 1.
        let pageSize = size == 1 ? Int64(65_536) : Int64(size)
        return Self.header + Int64(frames) * (Self.frameHeader + pageSize)
    }

    /// Writes what is committed once more, octet for octet, and syncs it. The connection holds the write lock, so nothing
    /// else changes the file meanwhile.
    ///
    /// A sync that failed has left in the page cache what is not on the disk and will not get there by itself: Linux takes it
    /// for written. Writing it again is what makes the next sync bring it to the disk.
    ///
    /// - Throws: Also when the file is shorter than what is committed.
    func rewrite() throws(DatabaseError) {
        let end = try self.committedSize()
        guard end > 0 else { return }
        let (file, methods) = try self.file(SQLITE_FCNTL_JOURNAL_POINTER)
        guard let read = methods.xRead, let write = methods.xWrite, let sync = methods.xSync else {
            throw Self.error(SQLITE_MISUSE)
        }
        let piece = UnsafeMutableRawPointer.allocate(byteCount: Self.pieceSize, alignment: 16)
        defer { piece.deallocate() }
        var offset = Int64(0)
        while offset < end {
            let count = Int32(min(Int64(Self.pieceSize), end - offset))
            var code = read(file, piece, count, offset)
            if code == SQLITE_OK { code = write(file, piece, count, offset) }
            guard code == SQLITE_OK else { throw Self.error(code) }
            offset += Int64(count)
        }
        let code = sync(file, SQLITE_SYNC_NORMAL)
        guard code == SQLITE_OK else { throw Self.error(code) }
    }

    /// Brings everything into the database, syncs that, and empties the log. The connection is in no transaction.
    ///
    /// SQLite's own waiting would keep all writers out meanwhile; so it is asked again and again instead.
    ///
    /// - Parameter timeout: How long; the connection's busy time-out afterwards.
    /// - Throws: Also, with a code for which ``isBusy(_:)`` is true, when another connection has the database in use all that
    ///   time.
    func empty(within timeout: Duration) throws(DatabaseError) {
        sqlite3_busy_timeout(self.connection, 0)
        defer { sqlite3_busy_timeout(self.connection, timeout.millisecondsForSQLite) }
        let code = Self.retrying(until: .now + timeout, every: .milliseconds(50)) {
            sqlite3_wal_checkpoint_v2(self.connection, "main", SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        }
        guard code == SQLITE_OK else { throw Self.error(code, self.connection) }
    }

    // MARK: - Parts

    /// Calls `body` until it reports anything but that the database is in use.
    static func retrying(
        until deadline: ContinuousClock.Instant,
        every pause: Duration,
        _ body: () -> Int32
    ) -> Int32 {
        while true {
            let code = body()
            guard self.isBusy(code), ContinuousClock.now < deadline else { return code }
            pause.block()
        }
    }

    static func isBusy(_ code: Int32) -> Bool {
        [SQLITE_BUSY, SQLITE_LOCKED].contains(code & 0xFF)
    }

    static func isBusy(_ error: DatabaseError) -> Bool { self.isBusy(error.resultCode.rawValue) }

    /// An error of SQLite with the text that the connection has for it.
    static func error(_ code: Int32, _ connection: OpaquePointer? = nil) -> DatabaseError {
        let text = connection.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: text.map { String(cString: $0) })
    }

    /// A file that the connection has open, and what can be done with it.
    private func file(
        _ which: Int32
    ) throws(DatabaseError) -> (UnsafeMutablePointer<sqlite3_file>, sqlite3_io_methods) {
        var file: UnsafeMutablePointer<sqlite3_file>?
        let code = sqlite3_file_control(self.connection, "main", which, &file)
        guard code == SQLITE_OK, let file, let methods = file.pointee.pMethods else {
            throw Self.error(code == SQLITE_OK ? SQLITE_IOERR : code)
        }
        return (file, methods.pointee)
    }
}
#endif
