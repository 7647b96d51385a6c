/// A host name that a certificate may be for: ASCII, in lower case, with an optional `*.` in front that stands for one label.
public struct TLSHostName: Sendable, Hashable {
    /// The name, in lower case and without a dot at its end.
    public let text: String

    /// Whether it begins with `*.`.
    public var isWildcard: Bool { self.text.hasPrefix("*.") }

    /// The name that would also match this one: `*.example.com` of `mx.example.com`. Nil for a name of one label.
    public var wildcard: TLSHostName? {
        guard !self.isWildcard, let dot = self.text.firstIndex(of: ".") else { return nil }
        return TLSHostName("*\(self.text[dot...])")
    }

    /// Reads a name in any case: letters, digits, `-` and `_` in labels of up to 63 octets, 253 octets in all. (RFC 1035 § 2.3.4)
    public init?(_ name: some StringProtocol) {
        var octets = Array(name.utf8)
        if octets.last == UInt8(ascii: ".") { octets.removeLast() }
        let labels = octets.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isWildcard = labels.count > 1 && labels.first.map(Array.init) == [UInt8(ascii: "*")]
        guard octets.count <= 253,
            labels.dropFirst(isWildcard ? 1 : 0).allSatisfy({ 1...63 ~= $0.count && $0.allSatisfy(Self.isAllowed) })
        else { return nil }
        self.text = String(decoding: octets, as: UTF8.self).lowercased()
    }

    private static func isAllowed(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
