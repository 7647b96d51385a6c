#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What is free on a file system.
enum FreeSpace {
    /// Octets that a process without privileges may still write to the file system of `path`; nil if that is not known.
    static func octets(at path: String) -> Int? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        // Some file systems have no such notion, and report that they have no blocks at all.
        guard status.f_blocks > 0 else { return nil }
        let (octets, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int(clamping: octets)
    }
}
