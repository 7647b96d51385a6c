/// A mailbox: `local-part@domain`. (RFC 5321 § 2.3.11, § 4.1.2)
///
/// Two mailboxes are equal when the local parts are the same, case included (RFC 5321 § 2.4 leaves its meaning to
/// the host), and the domains differ at most in case.
public struct Mailbox: Hashable, Sendable {
    /// The local part without quotes and escapes: `"John Doe"@example.com` has `John Doe`.
    ///
    /// Empty for `""@example.com`. One that was parsed holds no control characters; the SMTP grammar cannot write
    /// them, so don't put any in.
    public var localPart: String
    /// The host the local part belongs to.
    public var domain: MailDomain

    /// Makes a mailbox of its parts, neither of which is checked.
    public init(localPart: String, domain: MailDomain) {
        self.localPart = localPart
        self.domain = domain
    }

    /// Whether all octets are ASCII, so that no SMTPUTF8 is needed. (RFC 6531)
    public var isASCII: Bool { localPart.isASCII && domain.isASCII }
}

extension Mailbox: CustomStringConvertible {
    /// The mailbox as it stands in a path: the local part is quoted when it is not a dot-string, with `\` before
    /// `"` and `\`. (RFC 5321 § 4.1.2: quote no more than needed)
    public var description: String { "\(quotedLocalPart)@\(domain)" }

    /// The local part as ``description`` writes it.
    public var quotedLocalPart: String {
        if isDotString { return localPart }
        var text = "\""
        for scalar in localPart.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { text.unicodeScalars.append("\\") }
            text.unicodeScalars.append(scalar)
        }
        text.unicodeScalars.append("\"")
        return text
    }

    private var isDotString: Bool {
        var afterDot = true
        for byte in localPart.utf8 {
            if byte == UInt8(ascii: ".") {
                if afterDot { return false }
                afterDot = true
            } else {
                // RFC 6531 § 3.3 adds everything beyond ASCII to atext.
                guard byte >= 0x80 || ByteSet.atext.contains(byte) else { return false }
                afterDot = false
            }
        }
        return !afterDot
    }
}
