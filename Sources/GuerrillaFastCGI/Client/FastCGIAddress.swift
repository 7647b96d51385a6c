/// Where a FastCGI server listens.
public enum FastCGIAddress: Sendable, Equatable, CustomStringConvertible {
    /// A Unix socket.
    case unix(path: String)
    /// A host, by name or address, and its port.
    case tcp(host: String, port: Int)

    /// Reads `host:port`; an IPv6 address stands in brackets.
    /// - Returns: Nil when the text is something else, or the port not in 1…65535.
    public init?(tcp text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.first != UInt8(ascii: "+"), let port = UInt16(digits), port > 0 else { return nil }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self = .tcp(host: String(host), port: Int(port))
    }

    /// `127.0.0.1:9000`, `[::1]:9000`, or the path.
    public var description: String {
        switch self {
        case .unix(let path): path
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
