/// The hosts mail is accepted for: the configuration key `allowed_hosts`.
///
/// An entry is, in this order,
/// 1. with a `*`, a ``GlobPattern`` for the whole name. Dots are nothing special: `example.*` covers `example.com` and
///    `example.co.uk` but not `www.example.com`, and `*` covers everything. An address literal is compared as
///    `[192.0.2.1]`, and as both `[2001:db8::1]` and `[ipv6:2001:db8::1]`;
/// 2. in brackets, an address literal: `[192.0.2.1]`, `[2001:db8::1]` or `[IPv6:2001:db8::1]`. Every way to write the
///    same address is covered, IPv4-mapped ones included;
/// 3. otherwise a domain name, without its subdomains. `192.0.2.1` without brackets is a name.
///
/// `.` as the only entry besides patterns turns the check off. Case never matters, and neither does whether a label
/// beyond ASCII is written as U-label or as A-label: `bücher.example` and `xn--bcher-kva.example` are one name
/// (RFC 5890 § 2.3.2.1, RFC 6531 § 3.2), also in patterns. Without entries nothing is accepted but `<postmaster>`.
public struct AllowedHosts: Sendable, Equatable {
    /// Entries that can never match, with a sentence each saying why.
    public private(set) var problems: [String] = []

    private var acceptsEverything = false
    /// In lower case, with U-labels.
    private var names: Set<String> = []
    private var addresses: Set<IPAddress> = []
    private var patterns: [GlobPattern] = []

    /// Sorts the entries. Ones that cannot match are left out and listed in ``problems``.
    public init(_ entries: [String]) {
        var hasDot = false
        var hasOther = false
        for entry in entries {
            if entry.utf8.contains(UInt8(ascii: "*")) {
                addPattern(entry)
            } else if entry == "." {
                hasDot = true
            } else {
                // One that turns out wrong counts as well: a typing mistake must not turn the check off.
                hasOther = true
                if entry.hasPrefix("["), entry.hasSuffix("]") { addLiteral(entry) } else { addName(entry) }
            }
        }
        acceptsEverything = hasDot && !hasOther
        if hasDot, !acceptsEverything {
            addProblem(".", "it turns the check off only when no name or address literal is listed with it")
        }
    }

    /// Whether mail for this domain is accepted.
    public func accepts(_ domain: MailDomain) -> Bool {
        if acceptsEverything { return true }
        switch domain {
        case .name(let name):
            let name = name.caseFolded
            if names.contains(name) { return true }
            if InternationalDomain.mayHaveTwoForms(name), names.contains(InternationalDomain.unicodeForm(name)) {
                return true
            }
        case .literal(.ip(let address)):
            if addresses.contains(address.canonical) { return true }
        case .literal(.general):
            break
        }
        guard !patterns.isEmpty else { return false }
        let texts = domain.patternTexts
        return patterns.contains { pattern in texts.contains { pattern.matches($0) } }
    }

    /// Whether mail for this recipient is accepted: always for `<postmaster>` (RFC 5321 § 4.5.1), otherwise if its
    /// domain is.
    public func accepts(_ path: ForwardPath) -> Bool {
        switch path {
        case .postmaster: true
        case .mailbox(let mailbox): accepts(mailbox.domain)
        }
    }
}

// MARK: - Entries

extension AllowedHosts {
    private mutating func addProblem(_ entry: String, _ reason: String) {
        problems.append("\"\(entry)\" never matches: \(reason).")
    }

    private mutating func addPattern(_ entry: String) {
        guard let pattern = GlobPattern(domain: entry) else {
            return addProblem(entry, "a [...] is empty or not closed, or nothing follows a backslash")
        }
        if entry.hasPrefix("["), entry.hasSuffix("]") {
            let escaped = "\\[\(entry.dropFirst().dropLast())\\]"
            return addProblem(entry, "in a pattern, [...] stands for a single character; write \(escaped)")
        }
        if pattern.ends(in: ".") { return addProblem(entry, "no domain in a mailbox ends with a dot") }
        let literals = pattern.literalScalars
        // What an address literal may hold is not worth checking.
        if literals.first != "[", let stray = literals.first(where: { !mayStandInName($0) }) {
            return addProblem(entry, "no domain has the character \"\(stray)\"")
        }
        patterns.append(pattern)
    }

    private mutating func addLiteral(_ entry: String) {
        var text = entry.dropFirst().dropLast()
        if text.prefix(5).lowercased() == "ipv6:" {
            text = text.dropFirst(5)
            guard IPv6Address(String(text)) != nil else {
                return addProblem(entry, "what follows the tag is not an IPv6 address")
            }
        }
        guard let address = IPAddress(String(text)) else {
            return addProblem(entry, "what stands in brackets is neither an IPv4 nor an IPv6 address")
        }
        addresses.insert(address.canonical)
    }

    private mutating func addName(_ entry: String) {
        let name = entry.caseFolded
        if let reason = reasonForNotMatching(name) { return addProblem(entry, reason) }
        names.insert(InternationalDomain.unicodeForm(name))
    }

    /// Why no path can have this domain, or `nil`.
    private func reasonForNotMatching(_ name: String) -> String? {
        if name.isEmpty { return "it is empty" }
        if name.utf8.contains(UInt8(ascii: "@")) { return "it is a mailbox, list its domain" }
        if name.utf8.contains(where: { "?[]\\".utf8.contains($0) }) {
            return "only an entry with a * is a pattern"
        }
        if name.utf8.last == UInt8(ascii: ".") { return "no domain in a mailbox ends with a dot" }
        if name.utf8.count > PathLimits().domain { return "it is longer than \(PathLimits().domain) octets" }
        return isDomain(name) ? nil : "it is not a domain name"
    }

    private func isDomain(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        var index = 0
        do throws(PathSyntaxError) {
            let overlongLabel = try PathGrammar.scanDomain(bytes.span, &index, allowsUTF8: true)
            return overlongLabel == nil && index == bytes.count
        } catch {
            return false
        }
    }

    private func mayStandInName(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.isASCII, let byte = UInt8(exactly: scalar.value) else { return true }
        return ByteSet.letterDigitOrHyphen.contains(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
    }
}
