extension GlobPattern {
    /// Compiles a pattern for domains: case does not matter, and whole labels may be U-labels or A-labels.
    ///
    /// Returns `nil` when the pattern is malformed.
    public init?(domain pattern: String) {
        // Only what is written without special characters can be an A-label; the rest of the pattern stays as it is.
        self.init(InternationalDomain.unicodeForm(pattern.caseFolded))
    }
}

extension MailDomain {
    /// The texts that a pattern of ``GlobPattern/init(domain:)`` is compared with; it covers the domain when it matches one.
    ///
    /// A name has one text, or two when it has labels beyond ASCII: the second is for patterns that begin `xn--` and go on
    /// with something that is no label. An address literal is `[192.0.2.1]`, or both `[2001:db8::1]` and
    /// `[ipv6:2001:db8::1]`.
    package var patternTexts: [String] {
        switch self {
        case .name(let name):
            let name = name.caseFolded
            guard InternationalDomain.mayHaveTwoForms(name) else { return [name] }
            return [InternationalDomain.unicodeForm(name), InternationalDomain.asciiForm(name)]
        case .literal(.ip(let address)):
            let address = address.canonical
            return ["[\(address)]", address.literal.caseFolded]
        case .literal(.general):
            return [self.description.caseFolded]
        }
    }
}
