/// The part of a mailbox after `@`, or what HELO and EHLO give: a domain name or an address literal.
/// (RFC 5321 § 2.3.5, § 4.1.2)
public enum MailDomain: Sendable {
    /// A name as sent. `1.1.1.1` without brackets is a name.
    ///
    /// Names are equal when they differ only in case. Names beyond ASCII are folded as Unicode text, without the
    /// other mappings of IDNA: a U-label and its A-label (`xn--`) differ.
    case name(String)
    /// An address literal, in brackets in text.
    case literal(AddressLiteral)
}

extension MailDomain: Hashable {
    /// Compares names without regard to case.
    public static func == (left: MailDomain, right: MailDomain) -> Bool {
        switch (left, right) {
        case (.name(let left), .name(let right)):
            if left.utf8.elementsEqual(right.utf8) { return true }
            return left.caseFolded.utf8.elementsEqual(right.caseFolded.utf8)
        case (.literal(let left), .literal(let right)):
            return left == right
        case (.name, .literal), (.literal, .name):
            return false
        }
    }

    /// Feeds names in lower case.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .name(let name): hasher.combine(name.caseFolded)
        case .literal(let literal): hasher.combine(literal)
        }
    }
}

extension MailDomain: CustomStringConvertible {
    /// The name as sent, or the literal with its brackets.
    public var description: String {
        switch self {
        case .name(let name): name
        case .literal(let literal): literal.description
        }
    }

    /// The name with A-labels in place of U-labels, for where UTF-8 may not stand. (RFC 5890 § 2.3.2.1)
    public var asciiDescription: String {
        self.isASCII ? self.description : InternationalDomain.asciiForm(self.description.caseFolded)
    }

    /// Whether all octets are ASCII, so that no SMTPUTF8 is needed. (RFC 6531)
    public var isASCII: Bool {
        switch self {
        case .name(let name): name.isASCII
        case .literal: true
        }
    }
}

extension String {
    /// The string in lower case; itself, without a copy, when it is lower-case ASCII already.
    var caseFolded: String {
        for byte in utf8 where byte >= 0x80 || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte {
            return lowercased()
        }
        return self
    }

    var isASCII: Bool { utf8.allSatisfy { $0 < 0x80 } }
}
