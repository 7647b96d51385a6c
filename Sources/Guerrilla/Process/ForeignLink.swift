#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Symbolic links that another user has made, in the place of a file that this process is to write: they lead where that user wants.
package enum ForeignLink {
    /// One stands in the way.
    package static let sentence =
        "it is a symbolic link of another user's, which is not followed; name what it leads to, or remove it"

    /// Whether there is a link of another user's, who is not root either.
    package static func stands(at path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
            && ![0, geteuid()].contains(status.st_uid)
    }

    /// Opens a file or directory; a link in its place is followed only if it is ours or root's.
    /// - Returns: The descriptor; -1, and `ELOOP` in `errno`, for a link of another user's.
    package static func open(_ path: String, _ flags: CInt, mode: UInt32 = 0) -> CInt {
        let descriptor = self.systemOpen(path, flags | O_NOFOLLOW, mode)
        // With O_DIRECTORY, a link is not a directory.
        guard descriptor < 0, errno == ELOOP || errno == ENOTDIR else { return descriptor }
        guard !self.stands(at: path) else {
            errno = ELOOP
            return -1
        }
        return self.systemOpen(path, flags, mode)
    }

    private static func systemOpen(_ path: String, _ flags: CInt, _ mode: UInt32) -> CInt {
        #if canImport(Glibc)
        Glibc.open(path, flags, mode_t(mode))
        #elseif canImport(Musl)
        Musl.open(path, flags, mode_t(mode))
        #else
        Darwin.open(path, flags, mode_t(mode))
        #endif
    }
}
