import GuerrillaBackend

/// Where a FastCGI server listens.
public enum FastCGIAddress: Sendable, Equatable, CustomStringConvertible {
    /// A Unix socket.
    case unix(path: String)
    /// A host, by name or address, and its port.
    case tcp(host: String, port: Int)

    /// Reads `host:port`; an IPv6 address stands in brackets.
    /// - Returns: Nil when the text is something else, or the port not in 1…65535.
    public init?(tcp text: String) {
        guard let place = try? HostAndPort(text), let port = place.port, !place.host.isEmpty else { return nil }
        self = .tcp(host: place.host, port: port)
    }

    /// `127.0.0.1:9000`, `[::1]:9000`, or the path.
    public var description: String {
        switch self {
        case .unix(let path): path
        case .tcp(let host, let port): HostAndPort(host: host, port: port).description
        }
    }
}
