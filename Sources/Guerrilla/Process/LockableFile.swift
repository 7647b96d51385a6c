#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An open file that can be locked. Closed, and with that unlocked, when the last reference goes.
final class LockableFile: Sendable {
    enum LockResult {
        case locked
        /// Somebody else has locked it.
        case taken
        /// The file system has no locks.
        case impossible
    }

    private let descriptor: CInt

    /// Takes over an open descriptor.
    init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    /// Opens a file that is there. Links are not followed, nothing is waited for.
    /// - Returns: Nil, and the system's error number, when that is not possible.
    static func open(_ path: String) -> (file: LockableFile?, errorNumber: CInt) {
        var errorNumber: CInt = 0
        // Network file systems lock exclusively only what may be written to.
        for access in [O_RDWR, O_RDONLY] {
            let flags = access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
            #if canImport(Glibc)
            let descriptor = Glibc.open(path, flags)
            #elseif canImport(Musl)
            let descriptor = Musl.open(path, flags)
            #else
            let descriptor = Darwin.open(path, flags)
            #endif
            if descriptor >= 0 { return (LockableFile(descriptor: descriptor), 0) }
            errorNumber = errno
            guard [EACCES, EISDIR, EROFS].contains(errorNumber) else { break }
        }
        return (nil, errorNumber)
    }

    deinit {
        close(self.descriptor)
    }

    /// Locks it for this process alone, without waiting.
    func lock() -> LockResult {
        while flock(self.descriptor, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return .taken
            default: return .impossible
            }
        }
        return .locked
    }

    /// Whether it is this file that is found there.
    func isFile(at path: String) -> Bool {
        var ours = stat()
        var found = stat()
        return fstat(self.descriptor, &ours) == 0 && lstat(path, &found) == 0 && ours.st_dev == found.st_dev
            && ours.st_ino == found.st_ino
    }

    /// Whether it is an ordinary file that holds a number with white space around it, or nothing.
    var mayBePIDFile: Bool {
        var status = stat()
        guard fstat(self.descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        var octets = [UInt8](repeating: 0, count: 64)
        let count = pread(self.descriptor, &octets, octets.count, 0)
        return 0 <= count && count < octets.count
            && octets[..<count].allSatisfy { $0 &- UInt8(ascii: "0") < 10 || [0x20, 0x0a, 0x0d, 0x09].contains($0) }
    }

    /// What it begins with, as far as that is printable text.
    var text: String {
        var octets = [UInt8](repeating: 0, count: 64)
        let count = pread(self.descriptor, &octets, octets.count, 0)
        guard count > 0 else { return "" }
        return String(decoding: octets[..<count].prefix { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self)
    }
}
