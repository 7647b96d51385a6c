/// The argument of MAIL: where delivery reports go. (RFC 5321 § 3.3, § 4.1.1.2)
public enum ReversePath: Hashable, Sendable {
    /// `<>`, the sender of delivery reports, which must not cause another one. (RFC 5321 § 4.5.5)
    case null
    /// An ordinary sender.
    case mailbox(Mailbox)

    /// The mailbox, unless the path is null.
    public var mailbox: Mailbox? {
        switch self {
        case .null: nil
        case .mailbox(let mailbox): mailbox
        }
    }

    /// Whether all octets are ASCII, so that no SMTPUTF8 is needed. (RFC 6531)
    public var isASCII: Bool { mailbox?.isASCII ?? true }
}

extension ReversePath: CustomStringConvertible {
    /// The mailbox without angle brackets; empty for the null reverse-path.
    public var description: String { mailbox?.description ?? "" }
}
