#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The name of the machine.
public enum HostName {
    /// The operating system's host name, `localhost` when it has none.
    public static var current: String {
        var octets = [CChar](repeating: 0, count: 256)
        // One octet less than there is, so that a name that is too long still ends.
        let result = gethostname(&octets, octets.count - 1)
        let name = String(decoding: octets.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return result == 0 && !name.isEmpty ? name : "localhost"
    }
}
