import GuerrillaBackend

extension RedisInterface {
    /// The text without its passwords. Elements separated by commas: URLs, or places without a password.
    static func redacted(_ text: String) -> String {
        guard (try? RedisInterface(text)) != nil else { return Redaction.mark }
        return text.split(separator: ",", omittingEmptySubsequences: false).map { element in
            guard let scheme = element.firstRange(of: "://") else { return String(element) }
            return String(element[..<scheme.upperBound]) + Redaction.withoutPassword(element[scheme.upperBound...])
        }.joined(separator: ",")
    }
}
