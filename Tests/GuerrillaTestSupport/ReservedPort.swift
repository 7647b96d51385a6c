import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A port of 127.0.0.1 that the system gives to nobody else, and that a test may listen on again and again.
///
/// A socket is bound to it that does not listen: with `SO_REUSEADDR` on both, another may.
public final class ReservedPort: Sendable {
    /// There is none to be had.
    public struct Failure: Error {}

    /// The port.
    public let number: Int
    private let descriptor: CInt

    /// Takes one.
    public init() throws {
        self.descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var yes: CInt = 1
        setsockopt(self.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        let descriptor = self.descriptor
        let isBound = try SocketAddress(ipAddress: "127.0.0.1", port: 0).withSockAddr {
            bind(descriptor, $0, socklen_t($1)) == 0
        }
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutableBytes(of: &address) {
            $0.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &length) }
        }
        // The port follows the family.
        self.number = withUnsafeBytes(of: address) { Int($0[2]) << 8 | Int($0[3]) }
        guard isBound else { throw Failure() }
    }

    deinit {
        close(self.descriptor)
    }
}
