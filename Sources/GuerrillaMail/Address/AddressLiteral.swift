/// What stands in brackets instead of a domain name. (RFC 5321 § 4.1.3)
public enum AddressLiteral: Hashable, Sendable {
    /// `[192.0.2.1]` or `[IPv6:2001:db8::1]`. Reading a literal turns an IPv4-mapped address into IPv4.
    case ip(IPAddress)
    /// A `General-address-literal`, `[tag:content]`, as sent. No tag but `IPv6` has been registered so far.
    indirect case general(tag: String, content: String)

    /// Reads a literal with its brackets.
    ///
    /// Without a colon it is IPv4; the tag `IPv6`, in any case, asks for IPv6; any other well-formed tag gives
    /// ``general(tag:content:)``, so `[2001:db8::1]`, which lacks the tag, has the tag `2001`.
    /// Returns `nil` when the text is not a literal.
    public init?(_ text: String) {
        guard text.utf8.count > 2, text.utf8.first == UInt8(ascii: "["), text.utf8.last == UInt8(ascii: "]") else {
            return nil
        }
        self.init(content: text.utf8.dropFirst().dropLast())
    }

    /// Reads what stands between the brackets.
    init?(content text: Substring.UTF8View) {
        guard text.allSatisfy(ByteSet.literalContent.contains) else { return nil }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else {
            guard let address = IPv4Address(Substring(text)) else { return nil }
            self = .ip(.v4(address))
            return
        }
        let tag = Substring(text[..<colon])
        let content = String(Substring(text[text.index(after: colon)...]))
        guard tag.lowercased() != "ipv6" else {
            guard let address = IPv6Address(content) else { return nil }
            self = .ip(IPAddress.v6(address).canonical)
            return
        }
        // Standardized-tag is an Ldh-str: letters, digits and hyphens, the last no hyphen.
        guard !content.isEmpty, tag.utf8.allSatisfy(ByteSet.letterDigitOrHyphen.contains), let last = tag.utf8.last,
            ByteSet.letterOrDigit.contains(last)
        else { return nil }
        self = .general(tag: String(tag), content: content)
    }
}

extension AddressLiteral: CustomStringConvertible {
    /// The literal with its brackets; an IPv6 address in its shortest form.
    public var description: String {
        switch self {
        case .ip(let address): address.literal
        case .general(let tag, let content): "[\(tag):\(content)]"
        }
    }
}
