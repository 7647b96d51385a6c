/// A parameter after the path of MAIL or RCPT: `SIZE=1000`, `SMTPUTF8`. (RFC 5321 § 4.1.1.11, § 4.1.2)
public struct ESMTPParameter: Hashable, Sendable {
    /// The keyword in upper case.
    public var keyword: String
    /// What follows `=`, as sent and never empty; `nil` when there is no `=`.
    public var value: String?

    /// Makes a parameter; the keyword should be in upper case.
    public init(keyword: String, value: String? = nil) {
        self.keyword = keyword
        self.value = value
    }
}
