#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The system calls whose failure tests bring about. They return −1 and set `errno`, as the C library's do.
struct MaildirSystem: Sendable {
    var write: @Sendable (_ file: Int32, _ octets: UnsafeRawPointer?, _ count: Int) -> Int = { systemWrite($0, $1, $2) }
    var sync: @Sendable (_ file: Int32) -> Int32 = { fsync($0) }
    var rename: @Sendable (_ from: Int32, _ name: String, _ to: Int32, _ newName: String) -> Int32 = {
        renameat($0, $1, $2, $3)
    }

    /// Writes all octets.
    /// - Returns: 0, or `errno`.
    func writeAll(_ octets: UnsafeRawBufferPointer, to file: Int32) -> Int32 {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = self.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? EIO : errno }
            rest = rest.dropFirst(count)
        }
        return 0
    }

    /// Brings a file or a directory to the disk.
    /// - Returns: 0, or `errno`.
    func syncToDisk(_ file: Int32) -> Int32 {
        while self.sync(file) != 0 {
            guard errno == EINTR else { return errno }
        }
        return 0
    }
}

private func systemWrite(_ file: Int32, _ octets: UnsafeRawPointer?, _ count: Int) -> Int {
    write(file, octets, count)
}
