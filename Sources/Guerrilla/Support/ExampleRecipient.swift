import GuerrillaMail

/// A recipient that a server takes, for who wants to send it a first mail.
package struct ExampleRecipient: Sendable, CustomStringConvertible {
    /// The mailbox, in ASCII; `postmaster`, which every server takes (RFC 5321 § 4.5.1), where no other was found.
    package let description: String
    /// Whether any domain will do as well.
    package let isOneOfAll: Bool

    /// What stands in the place of `*`.
    private static let fillings = ["mail", "com", "1", ""]

    /// - Parameter allowedHosts: The entries of `allowed_hosts`. The last one that covers an address gives the domain.
    package init(allowedHosts: [String]) {
        let hosts = AllowedHosts(allowedHosts)
        self.isOneOfAll = ["a.invalid", "b.test"].allSatisfy { hosts.accepts(.name($0)) }
        // Entries are looked at one by one, but what they cover depends on all of them.
        let mailbox = allowedHosts.reversed().lazy.flatMap(Self.domains).compactMap(Self.mailbox).first {
            hosts.accepts($0.domain)
        }
        self.description = mailbox.map { "\($0.quotedLocalPart)@\($0.domain.asciiDescription)" } ?? "postmaster"
    }

    /// The recipient as a word of a shell's command line.
    package var shellWord: String {
        let isPlain = self.description.utf8.allSatisfy { octet in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= octet | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= octet
                || "@.-_".utf8.contains(octet)
        }
        // Neither a domain name nor an address literal has an apostrophe.
        return isPlain ? self.description : "'\(self.description)'"
    }

    /// Domains that an entry may cover, the one that reads best first.
    private static func domains(of entry: String) -> [String] {
        if entry == "." { return ["example.com"] }
        if entry.utf8.contains(UInt8(ascii: "*")) { return self.fillings.map { self.filled(entry, with: $0) } }
        guard entry.hasPrefix("["), entry.hasSuffix("]"), let address = IPAddress(String(entry.dropFirst().dropLast()))
        else { return [entry] }
        // A path has the tag that the entry may lack.
        return [address.canonical.literal]
    }

    private static func filled(_ pattern: String, with filling: String) -> String {
        var text = ""
        var scalars = pattern.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar {
            case "*": text += filling
            case "?": text += "a"
            case "\\": if let next = scalars.next() { text.unicodeScalars.append(next) }
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// Reads the path as a client would have to write it.
    private static func mailbox(in domain: String) -> Mailbox? {
        let argument = Array("<you@\(domain)>".utf8)
        let parsed = try? PathParser.parseForwardPath(argument.span, limits: PathLimits(), allowsUTF8: true)
        return parsed?.path.mailbox
    }
}
