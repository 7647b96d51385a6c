import GuerrillaBackend
import GuerrillaMail

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An address to listen on, written as in Go: `127.0.0.1:25`, `[::1]:25`, `mail.example.com:25`, or `:25` for all interfaces.
///
/// `0.0.0.0:25` and `[::]:25` are on all interfaces of both families, too, as in Go; but where another server is on an address of the other
/// family with the same port, each keeps to its own.
///
/// Two are equal when host and port are, however they are written.
public struct ListenInterface: Sendable, Hashable, LosslessStringConvertible {
    /// The address in its shortest form, or the host name in lower case, without brackets; nil for all interfaces.
    public let host: String?

    /// The port, 0 to 65,535. At 0 the operating system chooses one.
    public let port: Int

    /// Makes an interface of a host, nil or `*` for all of them, and a port.
    ///
    /// - Precondition: `port` is between 0 and 65,535.
    public init(host: String?, port: Int) {
        precondition((0...65_535).contains(port), "a port is between 0 and 65535, not \(port)")
        self.host = host.flatMap(Self.canonical)
        self.port = port
    }

    /// Parses `host:port`.
    ///
    /// - Returns: nil when there is no port, when it is no number from 0 to 65,535, or when an IPv6 address stands without brackets.
    public init?(_ text: String) {
        guard let place = try? HostAndPort(text, ports: 0...65_535), let port = place.port else { return nil }
        self.init(host: place.host, port: port)
    }

    /// One form for each address: an IPv4-mapped one is one of IPv4.
    private static func canonical(_ host: String) -> String? {
        if host.isEmpty || host == "*" { return nil }
        if let address = IPAddress(host) { return address.canonical.description }
        // The zone is a name of the system's.
        if let zone = host.firstIndex(of: "%"), let address = IPv6Address(String(host[..<zone])) {
            return "\(address)\(host[zone...])"
        }
        return host.lowercased()
    }

    /// `host:port`, with an IPv6 address in brackets.
    public var description: String {
        HostAndPort(host: self.host ?? "", port: self.port).description
    }
}

// MARK: - What is wrong with it

extension ListenInterface {
    /// Why nothing can listen there; nil when that is for the system to say.
    ///
    /// The C library reads more than is written here as an address (`0`, `127.1`, `0x7f.1`, octal numbers), and would listen where nobody
    /// expects it.
    var problem: String? {
        guard let host = self.host else { return nil }
        if case .v6(let address)? = self.address {
            guard address.rawValue >> 118 == 0xfe80 >> 6, !host.utf8.contains(UInt8(ascii: "%")) else { return nil }
            return "\(host) is an address of one link: name the interface, as in [\(host)%eth0]:\(self.port)"
        }
        guard self.address == nil else { return nil }
        if let address = Self.number(host) { return "\(host) is no IPv4 address; write \(address):\(self.port)" }
        if host.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || Self.isDigit($0) }) { return "\(host) is no IPv4 address" }
        guard host.utf8.allSatisfy(Self.mayStandInName) else { return "\(host) is no address and no host name" }
        return nil
    }

    /// The address; nil for a name, and for all interfaces.
    var address: IPAddress? {
        guard let host = self.host else { return nil }
        guard let zone = host.firstIndex(of: "%") else { return IPAddress(host) }
        return IPv6Address(String(host[..<zone])).map { .v6($0) }
    }

    /// What the C library makes of a number.
    private static func number(_ host: String) -> IPv4Address? {
        var address = in_addr()
        guard inet_aton(host, &address) != 0 else { return nil }
        return IPv4Address(rawValue: UInt32(bigEndian: address.s_addr))
    }

    private static func isDigit(_ octet: UInt8) -> Bool { octet &- UInt8(ascii: "0") < 10 }

    private static func mayStandInName(_ octet: UInt8) -> Bool {
        self.isDigit(octet) || (octet | 0x20) &- UInt8(ascii: "a") < 26 || "-._".utf8.contains(octet)
    }
}

// MARK: - Several of them

extension ListenInterface {
    /// Whether one of the two is on all interfaces of a family and the other on the same port there, so that the system refuses the second.
    ///
    /// `0.0.0.0` and `[::]` are not taken to be on those of the other family: beside another server there they keep to their own. What a name
    /// stands for is not known here.
    func overlaps(_ other: ListenInterface) -> Bool {
        self.port == other.port && self.port != 0 && (self.covers(other) || other.covers(self))
    }

    private func covers(_ other: ListenInterface) -> Bool {
        guard self.host != nil else { return true }
        guard other.host != nil else { return false }
        switch (self.address, other.address) {
        case (.v4(let address)?, .v4?): return address.rawValue == 0
        case (.v6(let address)?, .v6?): return address.rawValue == 0
        default: return false
        }
    }

    /// Whether this is on all interfaces by its family's own address, and the other is on an address of the other family and on the same
    /// port: then this one leaves that family alone.
    func keepsToItsFamily(beside other: ListenInterface) -> Bool {
        guard self.port == other.port, self.port != 0 else { return false }
        switch (self.address, other.address) {
        case (.v4(let address)?, .v6?): return address.rawValue == 0
        case (.v6(let address)?, .v4?): return address.rawValue == 0
        default: return false
        }
    }

    /// Whether this is `0.0.0.0` or `[::]`.
    var isWildcardAddress: Bool {
        switch self.address {
        case .v4(let address)?: address.rawValue == 0
        case .v6(let address)?: address.rawValue == 0
        case nil: false
        }
    }
}

extension DaemonConfiguration {
    /// Whether the server of this interface leaves the other family to other servers.
    func keepsToItsFamily(_ interface: ListenInterface) -> Bool {
        self.enabledServers.contains { interface.keepsToItsFamily(beside: $0.listenInterface) }
    }
}
