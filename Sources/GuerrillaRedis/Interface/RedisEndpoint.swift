import GuerrillaBackend

/// Where a Redis server listens.
package enum RedisEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// A host name or an address without brackets, and a port.
    case tcp(host: String, port: Int)
    /// The path of a socket.
    case unix(path: String)

    /// What a server of a cluster says about another one.
    /// - Parameters:
    ///   - host: Empty for the host of the server that says it.
    ///   - port: The port.
    ///   - source: The server that says it.
    /// - Returns: nil when that is no place to connect to.
    init?(host: String, port: Int64, from source: RedisEndpoint) {
        guard 1 <= port, port <= 65_535, host.utf8.count <= 255, host.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            return nil
        }
        if !host.isEmpty {
            self = .tcp(host: host, port: Int(port))
        } else if case .tcp(let host, _) = source {
            self = .tcp(host: host, port: Int(port))
        } else {
            return nil
        }
    }

    /// `127.0.0.1:6379`, `[::1]:6379`, or the path.
    package var description: String {
        switch self {
        case .tcp(let host, let port): HostAndPort(host: host, port: port).description
        case .unix(let path): path
        }
    }
}
