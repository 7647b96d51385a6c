/// Takes out of texts what must not be read by others who see the screen.
///
/// Of a text whose form is understood only the secret part goes; any other goes as a whole.
package enum Redaction {
    /// What stands where a secret was.
    package static let mark = "***"

    /// A value of which nothing is known: it may be that of a secret key whose name is misspelt.
    package static func redacted(_ value: ConfigurationValue) -> ConfigurationValue {
        switch value {
        case .null, .bool, .string(""): value
        default: .string(self.mark)
        }
    }

    /// `user:password@place` without its password.
    package static func withoutPassword(_ text: Substring) -> String {
        guard let at = text.lastIndex(of: "@"), let colon = text[..<at].firstIndex(of: ":") else { return String(text) }
        return text[...colon] + self.mark + text[at...]
    }

    /// What follows the first `?` without the values of parameters that may be secret.
    package static func withoutSecretParameters(_ text: String) -> String {
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
    package static func isSecret(_ name: some StringProtocol, value: String?) -> Bool {
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
