package import GuerrillaBackend
import GuerrillaMail

/// A data source name in the form of Go's go-sql-driver/mysql:
/// `[user[:password]@][protocol[(address)]]/database[?parameter=value&…]`.
package struct MySQLDataSource: Sendable, Equatable {
    /// Where the server is.
    package enum Address: Sendable, Equatable {
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    /// Whether the connection is encrypted.
    package enum TLS: Sendable, Equatable {
        case off
        /// When the server offers it; its certificate is not looked at.
        case preferred
        /// Always; the server's certificate is not looked at.
        case unverified
        /// Always, with the server's certificate checked.
        case verified
    }

    /// The port when none is named.
    package static let defaultPort = 3_306

    package var user = ""
    package var password = Secret("")
    package var address = Address.tcp(host: "127.0.0.1", port: defaultPort)
    package var database = ""
    package var tls = TLS.off
    /// Files in PEM: whom to trust instead of the system's authorities, and what to show to the server.
    package var tlsAuthorities: String?
    package var tlsCertificate: String?
    package var tlsKey: String?
    package var collation: String?
    package var connectTimeout: Duration?
    package var readTimeout: Duration?
    package var writeTimeout: Duration?
    /// Settings of the session, in the order given: what go-sql-driver does with every parameter it does not know.
    package var variables: [Variable] = []

    /// `SET name=value`
    package struct Variable: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    /// Where the server is, for the log.
    package var place: String {
        switch self.address {
        case .tcp(let host, let port): "mysql at \(HostAndPort(host: host, port: port))"
        case .unix(let path): "mysql at \(path)"
        }
    }

    /// Parameters that say how Go's driver hands values to a Go program; they mean nothing here.
    private static let ignored: Set<String> = [
        "allowAllFiles", "allowCleartextPasswords", "allowFallbackToPlaintext", "allowNativePasswords",
        "allowOldPasswords", "checkConnLiveness", "clientFoundRows", "columnsWithAlias", "compress",
        "connectionAttributes", "inTime", "interpolateParams", "loc", "maxAllowedPacket", "multiStatements",
        "parseTime", "rejectReadOnly", "serverPubKey", "timeTruncate",
    ]

    /// Reads a data source name.
    package init(_ text: String) throws(DataSourceError) {
        let start = try Self.databaseSlash(in: text)
        try self.readAddress(text[..<start])
        let rest = text[text.index(after: start)...]
        let end = rest.firstIndex(of: "?") ?? rest.endIndex
        guard let database = PercentEncoding.decoded(rest[..<end]) else {
            throw DataSourceError("the name of the database has a broken %-escape")
        }
        self.database = database
        for parameter in rest[end...].dropFirst().split(separator: "&") {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(pair[0])
            guard pair.count == 2, let value = PercentEncoding.decoded(pair[1]) else {
                throw DataSourceError("the parameter \(Self.printable(name)) has no readable value")
            }
            try self.set(name, to: value)
        }
    }

    /// The slash before the name of the database. It stands behind an address in parentheses or the credentials; a password, a
    /// socket's path and a parameter may hold others.
    private static func databaseSlash(in text: String) throws(DataSourceError) -> String.Index {
        let octets = text.utf8
        let slashes = octets.indices.filter { octets[$0] == UInt8(ascii: "/") }
        for before in [UInt8(ascii: ")"), UInt8(ascii: "@")] {
            let slash = slashes.last { $0 > octets.startIndex && octets[octets.index(before: $0)] == before }
            if let slash { return slash }
        }
        if octets.first == UInt8(ascii: "/") { return text.startIndex }
        guard let slash = slashes.last else { throw DataSourceError("there is no / before the name of the database") }
        return slash
    }

    private mutating func readAddress(_ text: Substring) throws(DataSourceError) {
        var text = text
        if let at = text.lastIndex(of: "@") {
            let credentials = text[..<at]
            let colon = credentials.firstIndex(of: ":") ?? credentials.endIndex
            self.user = String(credentials[..<colon])
            self.password = Secret(String(credentials[colon...].dropFirst()))
            text = text[text.index(after: at)...]
        }
        guard !text.isEmpty else { return }
        let open = text.firstIndex(of: "(") ?? text.endIndex
        let network = text[..<open]
        var address = text[open...].dropFirst()
        if open != text.endIndex {
            guard address.popLast() == ")" else { throw DataSourceError("the address has no closing parenthesis") }
        }
        switch network {
        case "tcp", "tcp4", "tcp6":
            if !address.isEmpty { self.address = try Self.hostAndPort(address) }
        case "unix":
            self.address = .unix(path: address.isEmpty ? "/tmp/mysql.sock" : String(address))
        default:
            throw DataSourceError("the protocol is neither tcp nor unix")
        }
    }

    private static func hostAndPort(_ text: Substring) throws(DataSourceError) -> Address {
        // go-sql-driver takes an IPv6 address without brackets, if no port follows.
        if IPv6Address(String(text)) != nil { return .tcp(host: String(text), port: self.defaultPort) }
        let place: HostAndPort
        do { place = try HostAndPort(text) } catch { throw DataSourceError(error.description) }
        return .tcp(host: place.host.isEmpty ? "127.0.0.1" : place.host, port: place.port ?? self.defaultPort)
    }

    private mutating func set(_ name: String, to value: String) throws(DataSourceError) {
        switch name {
        case "charset":
            // Texts are UTF-8 here; the server converts them to what a column has.
            let names = value.lowercased().split(separator: ",")
            guard names.contains(where: { $0.hasPrefix("utf8") }) else {
                throw DataSourceError("charset: only utf8mb4 is spoken; the server converts to the charset of a column")
            }
        case "collation":
            guard Self.isIdentifier(value) else { throw DataSourceError("collation: not a name") }
            self.collation = value
        case "tls":
            switch value.lowercased() {
            case "true", "1": self.tls = .verified
            case "false", "0": self.tls = .off
            case "skip-verify": self.tls = .unverified
            case "preferred": self.tls = .preferred
            default: throw DataSourceError("tls: expected true, false, skip-verify or preferred")
            }
        case "tls-ca": self.tlsAuthorities = value
        case "tls-cert": self.tlsCertificate = value
        case "tls-key": self.tlsKey = value
        case "timeout": self.connectTimeout = try Self.duration(name, value)
        case "readTimeout": self.readTimeout = try Self.duration(name, value)
        case "writeTimeout": self.writeTimeout = try Self.duration(name, value)
        default:
            guard !Self.ignored.contains(name) else { return }
            guard Self.isIdentifier(name) else {
                throw DataSourceError("the parameter \(Self.printable(name)) is no name of a variable")
            }
            self.variables.append(Variable(name: name, value: value))
        }
    }

    private static func duration(_ name: String, _ value: String) throws(DataSourceError) -> Duration? {
        guard let duration = GoDuration(value), duration.nanoseconds >= 0 else {
            throw DataSourceError("\(name): expected a duration such as 30s")
        }
        return duration.nanoseconds == 0 ? nil : duration.duration
    }

    private static func isIdentifier(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == UInt8(ascii: "_") }
    }

    private static func printable(_ name: String) -> String {
        ConfigurationValue.quoted(name)
    }
}
