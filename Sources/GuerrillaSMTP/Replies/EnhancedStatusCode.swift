/// The `class.subject.detail` in front of a reply's text. (RFC 2034, RFC 3463)
public struct EnhancedStatusCode: Hashable, Sendable, CustomStringConvertible {
    /// 2, 4 or 5; the same as the first digit of the reply code.
    public let `class`: UInt8
    /// What the status is about, 0…999.
    public let subject: UInt16
    /// The detail, 0…999.
    public let detail: UInt16

    /// Creates `class.subject.detail`.
    public init(_ class: UInt8, _ subject: UInt16, _ detail: UInt16) {
        self.class = `class`
        self.subject = subject
        self.detail = detail
    }

    /// As it is sent, `5.7.1`.
    public var description: String { "\(self.class).\(self.subject).\(self.detail)" }
}
