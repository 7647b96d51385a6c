/// The argument of RCPT: one recipient. (RFC 5321 § 3.3, § 4.1.1.3)
public enum ForwardPath: Hashable, Sendable {
    /// `<postmaster>` without a domain: whoever runs this host. Every server must accept it. (RFC 5321 § 4.5.1)
    case postmaster
    /// An ordinary recipient; `postmaster` with a domain is one as well.
    case mailbox(Mailbox)

    /// The mailbox, unless the path is `<postmaster>` without a domain.
    public var mailbox: Mailbox? {
        switch self {
        case .postmaster: nil
        case .mailbox(let mailbox): mailbox
        }
    }

    /// Whether all octets are ASCII, so that no SMTPUTF8 is needed. (RFC 6531)
    public var isASCII: Bool { mailbox?.isASCII ?? true }
}

extension ForwardPath: CustomStringConvertible {
    /// The mailbox without angle brackets, or `postmaster`.
    public var description: String { mailbox?.description ?? "postmaster" }
}
