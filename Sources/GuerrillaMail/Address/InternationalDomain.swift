/// The two ways to write a domain name beyond ASCII: with U-labels, `bücher.example`, and with A-labels,
/// `xn--bcher-kva.example`. (RFC 5890 § 2.3.2.1)
///
/// A label that begins with `xn--` but is the A-label of nothing is left as it is: it equals only itself. So are
/// labels that are too long for the DNS. What counts as an A-label is what ``Punycode`` reads, gives back unchanged,
/// and is in lower case; which scalars a registry allows, and the mappings of RFC 5895 beyond letter case, are not
/// looked at: names are compared here, not registered.
enum InternationalDomain {
    /// Whether the two forms of a name can differ. Costs a look at each octet.
    static func mayHaveTwoForms(_ name: String) -> Bool {
        var previous: UInt8 = 0
        for octet in name.utf8 {
            if octet >= 0x80 || (octet == UInt8(ascii: "-") && previous == octet) { return true }
            previous = octet
        }
        return false
    }

    /// The name with U-labels in place of A-labels.
    ///
    /// - Parameter name: In lower case.
    static func unicodeForm(_ name: String) -> String {
        Self.mapLabels(name) { label in
            guard let scalars = Self.decodeALabel(label) else { return nil }
            return String(String.UnicodeScalarView(scalars))
        }
    }

    /// The name with A-labels in place of U-labels.
    ///
    /// - Parameter name: In lower case.
    static func asciiForm(_ name: String) -> String {
        Self.mapLabels(name) { Self.encodeULabel(Array($0.unicodeScalars)) }
    }

    private static func mapLabels(_ name: String, _ replacement: (Substring) -> String?) -> String {
        // By scalars: a dot and the combining mark that begins the next label are one character.
        name.unicodeScalars.split(separator: ".", omittingEmptySubsequences: false)
            .map { label in replacement(Substring(label)) ?? String(label) }
            .joined(separator: ".")
    }

    private static func encodeULabel(_ scalars: [Unicode.Scalar]) -> String? {
        // One with an underscore, say, has no A-label: nothing would make the label of it again.
        let isLabel = scalars.allSatisfy { scalar in
            !scalar.isASCII || ByteSet.letterDigitOrHyphen.contains(UInt8(truncatingIfNeeded: scalar.value))
        }
        guard isLabel, scalars.contains(where: { !$0.isASCII }), let text = Punycode.encode(scalars) else { return nil }
        let label = "xn--" + text
        return label.utf8.count <= Punycode.longestLabel ? label : nil
    }

    private static func decodeALabel(_ label: Substring) -> [Unicode.Scalar]? {
        guard label.hasPrefix("xn--"), label.utf8.count <= Punycode.longestLabel,
            label.utf8.allSatisfy(ByteSet.letterDigitOrHyphen.contains),
            let scalars = Punycode.decode(label.dropFirst(4))
        else { return nil }
        // `xn--example-` must not pass for `example`, nor what was encoded in upper case for another name. C1 controls
        // stand in no path either.
        let text = String(String.UnicodeScalarView(scalars))
        guard !scalars.contains(where: { 0x80...0x9F ~= $0.value }),
            text.lowercased().unicodeScalars.elementsEqual(scalars), let again = Self.encodeULabel(scalars),
            again.utf8.elementsEqual(label.utf8)
        else { return nil }
        return scalars
    }
}
