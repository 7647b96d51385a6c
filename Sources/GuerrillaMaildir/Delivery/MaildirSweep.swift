#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Clears a Maildir's `tmp` of what deliveries that were cut off have left behind.
enum MaildirSweep {
    /// As old as the convention says a file in `tmp` may be.
    static let maximumAge = 36 * 3600

    /// Removes files that were neither read nor written for 36 hours.
    /// - Parameters:
    ///   - directory: An open `tmp`.
    ///   - now: Seconds since 1970.
    /// - Returns: The number of files removed.
    static func clear(_ directory: borrowing MaildirDirectory, now: Int) -> Int {
        // readdir moves the position of what it reads from, and closedir closes it.
        let copy = openat(directory.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { return 0 }
        guard let stream = fdopendir(copy) else {
            close(copy)
            return 0
        }
        defer { closedir(stream) }
        var count = 0
        while let entry = readdir(stream) {
            let isRemoved = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: name.pointee)) { name in
                    var status = stat()
                    guard fstatat(directory.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
                        status.st_mode & S_IFMT == S_IFREG,
                        max(status.st_mtim.tv_sec, status.st_atim.tv_sec) < now - Self.maximumAge
                    else { return false }
                    return unlinkat(directory.descriptor, name, 0) == 0
                }
            }
            if isRemoved { count += 1 }
        }
        return count
    }
}
