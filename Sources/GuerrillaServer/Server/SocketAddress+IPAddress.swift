import GuerrillaMail
import NIOCore

extension SocketAddress {
    /// The address without its port, an IPv4-mapped one as IPv4; nil for a Unix socket.
    var ipAddressValue: IPAddress? {
        // `struct sockaddr_in` and `sockaddr_in6`: the address follows family and port, in the latter the flow too.
        self.withSockAddr { pointer, length in
            let bytes = UnsafeRawBufferPointer(start: pointer, count: length)
            switch self {
            case .v4 where bytes.count >= 8:
                return .v4(GuerrillaMail.IPv4Address(bytes[4], bytes[5], bytes[6], bytes[7]))
            case .v6 where bytes.count >= 24:
                return GuerrillaMail.IPv6Address(octets: Array(bytes[8..<24])).map { IPAddress.v6($0).canonical }
            case .v4, .v6, .unixDomainSocket:
                return nil
            }
        }
    }
}
