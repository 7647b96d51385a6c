import GuerrillaBackend
import GuerrillaMail

/// An address to listen on, written as in Go: `127.0.0.1:25`, `[::1]:25`, `mail.example.com:25`, or `:25` for all interfaces.
///
/// Two are equal when host and port are, however they are written.
public struct ListenInterface: Sendable, Hashable, LosslessStringConvertible {
    /// The address or host name without brackets; nil for all interfaces.
    public let host: String?

    /// The port, 0 to 65,535. At 0 the operating system chooses one.
    public let port: Int

    /// Makes an interface of a host, nil for all of them, and a port.
    ///
    /// - Precondition: `port` is between 0 and 65,535.
    public init(host: String?, port: Int) {
        precondition((0...65_535).contains(port), "a port is between 0 and 65535, not \(port)")
        self.host = host?.isEmpty == true ? nil : host
        self.port = port
    }

    /// Parses `host:port`.
    ///
    /// - Returns: nil when there is no port, when it is no number from 0 to 65,535, or when an IPv6 address stands without brackets.
    public init?(_ text: String) {
        guard let place = try? HostAndPort(text, ports: 0...65_535), let port = place.port else { return nil }
        self.init(host: place.host, port: port)
    }

    /// Whether one of the two is on all interfaces of a family and the other on the same port there, so that the system refuses the second.
    ///
    /// `[::]` is not taken to be on those of IPv4: sockets that a service manager hands over may be on IPv6 alone.
    func overlaps(_ other: ListenInterface) -> Bool {
        self.port == other.port && self.port != 0 && (self.covers(other) || other.covers(self))
    }

    private func covers(_ other: ListenInterface) -> Bool {
        guard let host = self.host else { return true }
        guard let otherHost = other.host else { return false }
        switch (IPAddress(host), IPAddress(otherHost)) {
        case (.v4(let address)?, .v4?): return address.rawValue == 0
        case (.v6(let address)?, .v6?): return address.rawValue == 0
        default: return false
        }
    }

    /// `host:port`, with an IPv6 address in brackets.
    public var description: String {
        HostAndPort(host: self.host ?? "", port: self.port).description
    }
}
