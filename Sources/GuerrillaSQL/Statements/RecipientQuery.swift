package import GuerrillaMail

/// The query that says whether a recipient exists (`sql_validate`): it does when there is a row.
///
/// `?` or `:address` stands for the address, `:local` for its local part, `:domain` for its domain.
package struct RecipientQuery: Sendable {
    private let text: PlaceholderText

    /// Reads a query; nil when nothing in it stands for the recipient.
    package init?(_ text: String) {
        self.text = PlaceholderText(text, names: ["address", "local", "domain"])
        guard !self.text.names.isEmpty else { return nil }
    }

    /// How many values it takes.
    package var valueCount: Int { self.text.names.count }

    /// The text with the dialect's placeholders.
    package func text(for dialect: SQLDialect) -> String {
        self.text.text { dialect == .postgres ? "$\($0)" : "?" }
    }

    /// The values to bind for a recipient.
    package func values(for mailbox: Mailbox) -> [String] {
        self.text.names.map { name in
            switch name {
            case "local": mailbox.localPart
            case "domain": mailbox.domain.description
            default: mailbox.description
            }
        }
    }
}
