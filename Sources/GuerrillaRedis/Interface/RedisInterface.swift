package import GuerrillaBackend

/// `redis_interface`, taken apart: where the servers are and how to be let in.
///
/// Printing shows no password.
package struct RedisInterface: Sendable, Equatable {
    /// What is wrong with a text. Says nothing of what stands in it: it may be a password.
    package struct Malformed: Error, Hashable, CustomStringConvertible {
        /// One sentence.
        package let description: String
    }

    /// The servers named; more than one are the seeds of a Redis Cluster.
    package private(set) var endpoints: [RedisEndpoint] = []
    /// Whether to speak TLS.
    package private(set) var usesTLS = false
    /// The user for AUTH, nil for the default user.
    package private(set) var user: String?
    /// The password for AUTH, nil when there is none.
    package private(set) var password: Secret?
    /// The database for SELECT.
    package private(set) var database = 0

    /// The port when none is named.
    package static let defaultPort = 6_379

    /// Reads the text.
    ///
    /// Elements are separated by commas. Each is `host:port`, the path of a socket, or a URL such as `rediss://user:password@host:port/0`.
    /// What a URL says beside the place holds for all elements, so only the first one need say it.
    ///
    /// - Throws: ``Malformed``.
    package init(_ text: String) throws(Malformed) {
        let elements = text.split(separator: ",", omittingEmptySubsequences: false).map { Self.trimmed($0) }
        for (index, element) in elements.enumerated() {
            do throws(Malformed) {
                var one = self
                try one.read(element)
                if index > 0,
                    (one.usesTLS, one.user, one.password, one.database) != (
                        self.usesTLS, self.user, self.password, self.database
                    )
                {
                    throw Malformed(
                        description: "user, password, database and TLS have to be the same as in the first element"
                    )
                }
                self = one
            } catch {
                throw elements.count == 1 ? error : Malformed(description: "element \(index + 1): \(error.description)")
            }
        }
        if self.endpoints.count > 1, self.database != 0 {
            throw Malformed(description: "a Redis Cluster has database 0 only")
        }
        if self.endpoints.count > 1, self.endpoints.contains(where: { if case .unix = $0 { true } else { false } }) {
            throw Malformed(description: "a Redis Cluster is reached by hosts and ports, not by sockets")
        }
    }

    private mutating func read(_ element: Substring) throws(Malformed) {
        guard let scheme = element.firstRange(of: "://") else {
            if element.hasPrefix("/") {
                self.endpoints.append(.unix(path: String(element)))
            } else if element.hasPrefix("unix:") {
                self.endpoints.append(.unix(path: String(element.dropFirst(5))))
            } else {
                self.endpoints.append(try Self.hostAndPort(element))
            }
            return
        }
        let rest = element[scheme.upperBound...]
        switch element[..<scheme.lowerBound].lowercased() {
        case "redis": self.usesTLS = false
        case "rediss": self.usesTLS = true
        case "unix":
            let place = try self.readUser(rest)
            guard place.hasPrefix("/") else { throw Malformed(description: "the path of a socket begins with '/'") }
            self.endpoints.append(.unix(path: String(place)))
            return
        default: throw Malformed(description: "the scheme of the URL is none of redis, rediss and unix")
        }
        let place = try self.readUser(rest)
        let slash = place.firstIndex(of: "/") ?? place.endIndex
        self.endpoints.append(try Self.hostAndPort(place[..<slash]))
        let database = place[slash...].dropFirst()
        guard !database.isEmpty else { return }
        guard let number = Int(database), number >= 0, number <= 1_000_000 else {
            throw Malformed(description: "what follows the host in the URL is not the number of a database")
        }
        self.database = number
    }

    /// Reads `user:password@`, and returns what follows it.
    private mutating func readUser(_ text: Substring) throws(Malformed) -> Substring {
        guard let at = text.lastIndex(of: "@") else { return text }
        let parts = text[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let user = PercentEncoding.decoded(parts[0]),
            let password = PercentEncoding.decoded(parts[1])
        else {
            throw Malformed(description: "what stands before '@' in the URL is not user:password, percent-encoded")
        }
        self.user = user.isEmpty ? nil : user
        self.password = Secret(password)
        return text[text.index(after: at)...]
    }

    private static func hostAndPort(_ text: Substring) throws(Malformed) -> RedisEndpoint {
        guard !text.isEmpty else { throw Malformed(description: "no server is named") }
        let place: HostAndPort
        do { place = try HostAndPort(text) } catch { throw Malformed(description: error.description) }
        // As in Go: ":6379" is this machine.
        return .tcp(host: place.host.isEmpty ? "localhost" : place.host, port: place.port ?? self.defaultPort)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}
