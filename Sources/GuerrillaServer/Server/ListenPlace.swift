import GuerrillaMail
package import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a socket is to be bound to.
package enum ListenPlace: Sendable, Equatable {
    /// All addresses of both families.
    /// - Parameter needsIPv6: Whether those of IPv4 alone are not enough, where the system has no IPv6.
    case everywhere(port: Int, needsIPv6: Bool)
    /// All addresses of IPv4.
    case everywhereOnIPv4(port: Int)
    /// All addresses of IPv6, and none of IPv4.
    case everywhereOnIPv6(port: Int)
    /// One address.
    case address(SocketAddress)

    /// Looks up a host.
    ///
    /// Of a name with several addresses the first one of IPv4 counts, as in Go; the first one of IPv6 where there is none.
    /// - Throws: What NIO says about a host that is not known.
    package init(host: String, port: Int) throws {
        if !host.utf8.contains(UInt8(ascii: ":")), let address = Self.lookUpIPv4(host, port: port) {
            self = .address(address)
        } else {
            self = .address(try SocketAddress.makeAddressResolvingHost(host, port: port))
        }
    }

    private static func lookUpIPv4(_ host: String, port: Int) -> SocketAddress? {
        var hints = addrinfo()
        hints.ai_family = AF_INET
        #if canImport(Darwin)
        hints.ai_socktype = SOCK_STREAM
        #else
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #endif
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let found else { return nil }
        defer { freeaddrinfo(found) }
        guard let address = found.pointee.ai_addr, found.pointee.ai_family == AF_INET else { return nil }
        return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
    }

    /// Whether the system lets nobody have both.
    package func overlaps(_ other: ListenPlace) -> Bool {
        let port = self.port
        guard port == other.port, port != nil, port != 0 else { return false }
        return zip(self.reach, other.reach).contains { $0.overlaps($1) }
    }

    private var port: Int? {
        switch self {
        case .everywhere(let port, _), .everywhereOnIPv4(let port), .everywhereOnIPv6(let port): port
        case .address(let address): address.port
        }
    }

    private enum Reach: Equatable {
        case nothing, everything
        case one(String)

        func overlaps(_ other: Reach) -> Bool {
            switch (self, other) {
            case (.nothing, _), (_, .nothing): false
            case (.everything, _), (_, .everything): true
            case (.one(let address), .one(let other)): address == other
            }
        }
    }

    /// In IPv4 and in IPv6.
    private var reach: [Reach] {
        switch self {
        case .everywhere: [.everything, .everything]
        case .everywhereOnIPv4: [.everything, .nothing]
        case .everywhereOnIPv6: [.nothing, .everything]
        case .address(let address):
            switch (address, address.ipAddressValue) {
            case (.v4, let value?): [.one("\(value)"), .nothing]
            // An IPv4-mapped one is of both.
            case (.v6, .v4(let value)?): [.one("\(value)"), .nothing]
            case (.v6, let value?): [.nothing, .one("\(value)")]
            default: [.nothing, .nothing]
            }
        }
    }
}
