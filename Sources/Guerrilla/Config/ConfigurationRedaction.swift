import GuerrillaBackend
import GuerrillaRedis
import GuerrillaSQL

/// Takes out of a configuration what must not be read over somebody's shoulder.
///
/// Of a data source name only the secret part goes, when its form is understood; a text that is not understood goes as a whole.
enum ConfigurationRedaction {
    /// What stands where a secret was.
    static let mark = "***"

    /// The value of a key as it may be shown.
    ///
    /// - Parameter driver: The value of `sql_driver`, which says what form `sql_dsn` has.
    static func redacted(_ value: ConfigurationValue, of key: ConfigurationKey, driver: String?) -> ConfigurationValue {
        guard key.isSecret else { return value }
        guard case .string(let text) = value, !text.isEmpty else { return self.redacted(value) }
        switch key.name {
        case SQLProcessor.dataSource.name: return .string(self.dataSource(text, driver: driver))
        case RedisKeys.interface.name: return .string(self.redisInterface(text))
        default: return .string(self.mark)
        }
    }

    /// The value of a key that nobody knows: it may be a misspelt one that is secret.
    static func redacted(_ value: ConfigurationValue) -> ConfigurationValue {
        switch value {
        case .null, .bool, .string(""): value
        default: .string(self.mark)
        }
    }

    private static func dataSource(_ text: String, driver: String?) -> String {
        switch driver.flatMap({ SQLDialect(rawValue: $0.lowercased()) }) {
        case .mysql: self.mysql(text)
        case .postgres: self.postgres(text)
        case .sqlite3: (try? SQLiteDataSource(text)) == nil ? self.mark : self.withoutSecretParameters(text)
        case nil: self.mark
        }
    }

    /// `user:password@tcp(127.0.0.1:3306)/mail?parameter=value`
    private static func mysql(_ text: String) -> String {
        guard let source = try? MySQLDataSource(text) else { return self.mark }
        let password = source.password.reveal()
        guard !password.isEmpty else { return self.withoutSecretParameters(text) }
        let credentials = "\(source.user):\(password)@"
        guard text.hasPrefix(credentials) else { return self.mark }
        let rest = text.dropFirst(credentials.count)
        // There the password ends, not where it seemed to.
        guard !rest.contains("@") else { return self.mark }
        return "\(source.user):\(self.mark)@" + self.withoutSecretParameters(String(rest))
    }

    /// `postgres://user:password@127.0.0.1/mail?parameter=value`, or `user=… password=…`
    private static func postgres(_ text: String) -> String {
        guard let source = try? PostgresDataSource(text) else { return self.mark }
        if let scheme = PostgresDataSource.schemes.first(where: text.hasPrefix) {
            let rest = text.dropFirst(scheme.count)
            let question = rest.firstIndex(of: "?") ?? rest.endIndex
            // The question mark may be part of a password that ends there.
            guard !rest[question...].contains("@") else { return self.mark }
            return scheme + self.withoutPassword(rest[..<question])
                + self.withoutSecretParameters(String(rest[question...]))
        }
        // Quotes and escapes have been taken care of by whoever read it.
        return source.parameters.keys.sorted().map { name in
            let value = source.parameters[name]?.reveal() ?? ""
            return "\(name)=\(self.isSecret(name, value: value) ? self.mark : self.keywordValue(value))"
        }.joined(separator: " ")
    }

    private static func keywordValue(_ value: String) -> String {
        guard value.isEmpty || value.contains(where: { $0.isWhitespace || "'\\".contains($0) }) else { return value }
        return "'" + value.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "'"
    }

    /// Elements separated by commas: URLs, or places without a password.
    private static func redisInterface(_ text: String) -> String {
        guard (try? RedisInterface(text)) != nil else { return self.mark }
        return text.split(separator: ",", omittingEmptySubsequences: false).map { element in
            guard let scheme = element.firstRange(of: "://") else { return String(element) }
            return String(element[..<scheme.upperBound]) + self.withoutPassword(element[scheme.upperBound...])
        }.joined(separator: ",")
    }

    /// `user:password@place` without its password.
    private static func withoutPassword(_ text: Substring) -> String {
        guard let at = text.lastIndex(of: "@"), let colon = text[..<at].firstIndex(of: ":") else { return String(text) }
        return text[...colon] + self.mark + text[at...]
    }

    /// What follows the first `?` without the values of parameters that may be secret.
    private static func withoutSecretParameters(_ text: String) -> String {
        guard let question = text.firstIndex(of: "?") else { return text }
        let parameters = text[question...].dropFirst().split(separator: "&", omittingEmptySubsequences: false)
        return text[...question]
            + parameters.map { parameter in
                guard let equals = parameter.firstIndex(of: "="),
                    self.isSecret(
                        parameter[..<equals],
                        value: PercentEncoding.decoded(parameter[equals...].dropFirst())
                    )
                else { return String(parameter) }
                return parameter[...equals] + self.mark
            }.joined(separator: "&")
    }

    /// - Parameter value: As it was meant; nil when it cannot be decoded.
    private static func isSecret(_ name: some StringProtocol, value: String?) -> Bool {
        switch name.lowercased() {
        // A path, as sslkey and tls-key are.
        case "passfile": false
        // Settings of the session with names of their own; those that PostgresDataSource does not know stand there, too.
        case "options": value.map { self.namesSecret($0.filter { $0 != "\\" }) } ?? true
        case let name: self.namesSecret(name)
        }
    }

    private static func namesSecret(_ text: String) -> Bool {
        let text = text.lowercased()
        return ["pass", "pwd", "secret", "_auth"].contains { text.contains($0) }
    }
}
