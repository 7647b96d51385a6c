import GuerrillaBackend

/// Takes the password out of a data source name.
enum DataSourceRedaction {
    /// - Parameter dialect: Says what form the name has; nil if that is not known.
    static func redacted(_ text: String, of dialect: SQLDialect?) -> String {
        switch dialect {
        case .mysql: self.mysql(text)
        case .postgres: self.postgres(text)
        case .sqlite3: (try? SQLiteDataSource(text)) == nil ? Redaction.mark : Redaction.withoutSecretParameters(text)
        case nil: Redaction.mark
        }
    }

    /// `user:password@tcp(127.0.0.1:3306)/mail?parameter=value`
    private static func mysql(_ text: String) -> String {
        guard let source = try? MySQLDataSource(text) else { return Redaction.mark }
        let password = source.password.reveal()
        guard !password.isEmpty else { return Redaction.withoutSecretParameters(text) }
        let credentials = "\(source.user):\(password)@"
        guard text.hasPrefix(credentials) else { return Redaction.mark }
        let rest = text.dropFirst(credentials.count)
        // There the password ends, not where it seemed to.
        guard !rest.contains("@") else { return Redaction.mark }
        return "\(source.user):\(Redaction.mark)@" + Redaction.withoutSecretParameters(String(rest))
    }

    /// `postgres://user:password@127.0.0.1/mail?parameter=value`, or `user=… password=…`
    private static func postgres(_ text: String) -> String {
        guard let source = try? PostgresDataSource(text) else { return Redaction.mark }
        if let scheme = PostgresDataSource.schemes.first(where: text.hasPrefix) {
            let rest = text.dropFirst(scheme.count)
            let question = rest.firstIndex(of: "?") ?? rest.endIndex
            // The question mark may be part of a password that ends there.
            guard !rest[question...].contains("@") else { return Redaction.mark }
            return scheme + Redaction.withoutPassword(rest[..<question])
                + Redaction.withoutSecretParameters(String(rest[question...]))
        }
        // Quotes and escapes have been taken care of by whoever read it.
        return source.parameters.keys.sorted().map { name in
            let value = source.parameters[name]?.reveal() ?? ""
            return "\(name)=\(Redaction.isSecret(name, value: value) ? Redaction.mark : self.keywordValue(value))"
        }.joined(separator: " ")
    }

    private static func keywordValue(_ value: String) -> String {
        guard value.isEmpty || value.contains(where: { $0.isWhitespace || "'\\".contains($0) }) else { return value }
        return "'" + value.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "'"
    }
}
