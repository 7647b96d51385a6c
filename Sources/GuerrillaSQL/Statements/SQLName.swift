/// The name of a table, perhaps with that of its schema or database in front: `mail` or `guerrilla.mail`.
///
/// Only letters of ASCII, digits, `_`, `$` and `-` are taken, so that a name never ends the quotes around it.
package struct SQLName: Sendable, Hashable {
    /// The parts, one or two.
    package let parts: [String]

    /// Reads a name; nil when a part is empty, has more than 63 octets or another character.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy(Self.isAllowed) else { return nil }
        self.parts = parts
    }

    /// The name as it stands in a statement.
    package func quoted(for dialect: SQLDialect) -> String {
        self.parts.map(dialect.quoted).joined(separator: ".")
    }

    private static func isAllowed(_ part: String) -> Bool {
        guard (1...63).contains(part.utf8.count) else { return false }
        return part.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}
