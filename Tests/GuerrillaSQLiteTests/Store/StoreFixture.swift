#if SQLite
import GuerrillaSQLite
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A directory of its own for one test, removed with everything in it at the end.
final class StoreFixture: Sendable {
    let directory: String

    /// Where the test's database goes.
    var path: String { self.directory + "/mail.sqlite" }

    init() throws {
        var template = Array("/tmp/guerrilla-sqlite-XXXXXX".utf8CString)
        guard let name = mkdtemp(&template) else { throw FixtureError(errno: errno) }
        self.directory = String(cString: name)
    }

    deinit {
        for name in ["mail.sqlite", "mail.sqlite-wal", "mail.sqlite-shm", "moved.sqlite", "link"] {
            unlink(self.directory + "/" + name)
        }
        rmdir(self.directory)
    }

    /// The permission bits of a file beside the database.
    static func mode(of path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    #if os(Linux)
    /// The descriptor under which this process has a file open.
    static func descriptor(of path: String) -> Int32? {
        var limit = rlimit()
        getrlimit(CInt(RLIMIT_NOFILE.rawValue), &limit)
        return (0..<Int32(clamping: limit.rlim_cur)).first { descriptor in
            guard let name = realpath("/proc/self/fd/\(descriptor)", nil) else { return false }
            defer { free(name) }
            return String(cString: name) == path
        }
    }
    #endif

    static func copy(_ path: String, to other: String) throws {
        let source = open(path, O_RDONLY)
        guard source >= 0 else { throw FixtureError(errno: errno) }
        defer { close(source) }
        let target = open(other, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        guard target >= 0 else { throw FixtureError(errno: errno) }
        defer { close(target) }
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(source, &piece, piece.count)
            guard count > 0 else { return }
            guard Glibc.write(target, piece, count) == count else { throw FixtureError(errno: errno) }
        }
    }

    static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
        guard descriptor >= 0 else { throw FixtureError(errno: errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw FixtureError(errno: errno) }
    }
}

struct FixtureError: Error {
    var errno: Int32
}

extension StoredMessage {
    /// A small message with a queued id of the test's choice.
    static func sample(_ queuedID: String, data: String = "Subject: x\r\n\r\nHello\r\n") -> StoredMessage {
        StoredMessage(
            queuedID: queuedID,
            receivedAtMicroseconds: 1_700_000_000_123_456,
            clientAddress: "192.0.2.1",
            clientPort: 40_000,
            helo: "client.example",
            transmissionType: "ESMTP",
            reversePath: "a@example.org",
            recipients: ["b@example.com"],
            deliveryHeader: ByteBuffer(string: "Received: from client.example\r\n"),
            data: [ByteBuffer(string: data)]
        )
    }
}

extension SQLiteMessageReader {
    /// The exported octets of a message.
    func exported(_ identifier: StoredMessageIdentifier) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        let count = try self.export(identifier) { buffer.writeBytes($0) }
        return count == buffer.readableBytes ? buffer : ByteBuffer()
    }
}
#endif
