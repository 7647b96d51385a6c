package import GuerrillaBackend

/// A data source name in the forms of Go's lib/pq: `postgres://user:password@host:port/database?parameter=value`, or
/// `user=… password='…' host=…`.
package struct PostgresDataSource: Sendable, Equatable {
    /// Parameters for libpq, by name.
    package private(set) var parameters: [String: Secret] = [:]

    /// Those that libpq has; what lib/pq finds beside them it takes for a setting of the session.
    private static let known: Set<String> = [
        "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname",
        "fallback_application_name", "gssencmode", "gsslib", "host", "hostaddr", "keepalives", "keepalives_count",
        "keepalives_idle", "keepalives_interval", "krbsrvname", "options", "passfile", "password", "port",
        "replication",
        "requirepeer", "service", "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcompression",
        "sslcrl", "sslcrldir", "sslkey", "sslmode", "sslpassword", "sslrootcert", "sslsni", "target_session_attrs",
        "tcp_user_timeout", "user",
    ]
    /// How lib/pq hands values to a Go program.
    private static let ignored: Set<String> = ["binary_parameters", "disable_prepared_binary_result"]

    /// What a URL begins with.
    package static let schemes = ["postgres://", "postgresql://"]

    /// Reads a data source name.
    package init(_ text: String) throws(DataSourceError) {
        for scheme in Self.schemes where text.hasPrefix(scheme) {
            try self.readURL(text.dropFirst(scheme.count))
            self.complete()
            return
        }
        try self.readKeywords(text)
        self.complete()
    }

    /// Where the server is, for the log.
    package var place: String {
        let host = self.parameters["host"]?.reveal() ?? ""
        let port = self.parameters["port"]?.reveal() ?? "5432"
        return "postgres at \(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// `connect_timeout`, in seconds.
    package var connectTimeout: Int? { self.parameters["connect_timeout"].flatMap { Int($0.reveal()) } }

    /// What lib/pq assumes, and libpq does not.
    private mutating func complete() {
        if self.parameters["host"] == nil, self.parameters["hostaddr"] == nil, self.parameters["service"] == nil {
            self.parameters["host"] = Secret("localhost")
        }
        if self.parameters["sslmode"] == nil, self.parameters["host"]?.reveal().hasPrefix("/") != true {
            self.parameters["sslmode"] = Secret("require")
        }
    }

    private mutating func readURL(_ text: Substring) throws(DataSourceError) {
        let question = text.firstIndex(of: "?") ?? text.endIndex
        var address = text[..<question]
        if let slash = address.lastIndex(of: "/") {
            try self.set("dbname", encoded: address[address.index(after: slash)...])
            address = address[..<slash]
        }
        if let at = address.lastIndex(of: "@") {
            let credentials = address[..<at]
            let colon = credentials.firstIndex(of: ":") ?? credentials.endIndex
            try self.set("user", encoded: credentials[..<colon])
            if colon < credentials.endIndex { try self.set("password", encoded: credentials[colon...].dropFirst()) }
            address = address[address.index(after: at)...]
        }
        if let colon = address.lastIndex(of: ":"), address.last != "]" {
            try self.set("port", encoded: address[address.index(after: colon)...])
            address = address[..<colon]
        }
        if address.first == "[", address.last == "]" { address = address.dropFirst().dropLast() }
        try self.set("host", encoded: address)
        for parameter in text[question...].dropFirst().split(separator: "&") {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { throw DataSourceError("a parameter has no value") }
            try self.set(String(pair[0]), encoded: pair[1])
        }
    }

    private mutating func set(_ name: String, encoded text: Substring) throws(DataSourceError) {
        guard let value = PercentEncoding.decoded(text) else {
            throw DataSourceError("\(ConfigurationValue.quoted(name)) has a broken %-escape")
        }
        if !value.isEmpty { try self.set(name, to: value) }
    }

    private mutating func readKeywords(_ text: String) throws(DataSourceError) {
        var rest = Substring(text)
        while true {
            rest = rest.drop(while: \.isWhitespace)
            guard !rest.isEmpty else { return }
            let name = String(rest.prefix { $0 != "=" && !$0.isWhitespace })
            rest = rest.dropFirst(name.count).drop(while: \.isWhitespace)
            guard !name.isEmpty, rest.popFirst() == "=" else {
                throw DataSourceError("expected name=value pairs, or a text that begins with postgres://")
            }
            rest = rest.drop(while: \.isWhitespace)
            let isQuoted = rest.first == "'"
            if isQuoted { rest.removeFirst() }
            var value = ""
            var isEnded = !isQuoted
            while let character = rest.first {
                if isQuoted ? character == "'" : character.isWhitespace {
                    if isQuoted { rest.removeFirst() }
                    isEnded = true
                    break
                }
                rest.removeFirst()
                if character == "\\" {
                    if let escaped = rest.popFirst() { value.append(escaped) }
                } else {
                    value.append(character)
                }
            }
            guard isEnded else { throw DataSourceError("a quoted value has no end") }
            try self.set(name, to: value)
        }
    }

    private mutating func set(_ name: String, to value: String) throws(DataSourceError) {
        if Self.known.contains(name) {
            self.parameters[name] = Secret(value)
        } else if !Self.ignored.contains(name) {
            guard name.utf8.allSatisfy({ ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F || $0 == 0x2E })
            else {
                throw DataSourceError("the parameter \(ConfigurationValue.quoted(name)) is no name of a setting")
            }
            let escaped = value.flatMap { $0 == " " || $0 == "\\" ? ["\\", $0] : [$0] }
            let former = self.parameters["options"].map { $0.reveal() + " " } ?? ""
            self.parameters["options"] = Secret("\(former)-c \(name)=\(String(escaped))")
        }
    }
}
