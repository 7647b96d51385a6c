/// The statement that stores rows.
package struct InsertStatement: Sendable {
    /// `INSERT INTO … (…) VALUES`, with a space behind it.
    package let head: String
    /// The table that rows go to, as far as that is known: a head of the operator's own may name another one.
    package let table: SQLName?
    private let values: PlaceholderText
    private let dialect: SQLDialect

    /// Why a statement cannot be used.
    package struct Unusable: Error {
        /// The key it came from.
        package var key: String
        package var reason: String
    }

    /// Makes the statement.
    /// - Parameters:
    ///   - head: `sql_insert`; nil is the built-in one.
    ///   - values: `sql_values`; nil is the built-in one.
    package init(
        table: SQLName,
        head: String? = nil,
        values: String? = nil,
        dialect: SQLDialect
    ) throws(Unusable) {
        self.dialect = dialect
        var text = head ?? Self.head(table: table, dialect: dialect)
        if text.last != " " { text += " " }
        self.head = text
        self.table = text.contains(table.parts.last ?? "") ? table : nil
        self.values = PlaceholderText(values ?? Self.values(dialect: dialect))
        // Numbered ones ($1 …) are left to the database to count.
        let count = self.values.names.count
        guard count == MailRow.columns.count || (count == 0 && dialect == .postgres) else {
            throw Unusable(
                key: "sql_values",
                reason: "has \(count) placeholders (?) for \(MailRow.columns.count) values"
            )
        }
    }

    /// The statement for one row, with the dialect's placeholders.
    package var single: String {
        self.head + self.values.text { self.dialect == .postgres ? "$\($0)" : "?" }
    }

    /// Whether the group of values may be repeated: nothing stands behind its closing parenthesis.
    package var isRepeatable: Bool {
        let text = self.values.text { _ in "?" }.filter { $0 != " " && $0 != "\n" && $0 != "\t" }
        guard text.hasPrefix("("), text.hasSuffix(")") else { return false }
        var depth = 0
        for (index, character) in text.enumerated() {
            depth += character == "(" ? 1 : character == ")" ? -1 : 0
            if depth == 0 { return index == text.count - 1 }
        }
        return false
    }

    /// The statement for several rows at once, for databases that take more than one group of values.
    package func text(rows: Int) -> String {
        let group = self.values.text { _ in "?" }
        return self.head + repeatElement(group, count: max(1, rows)).joined(separator: ", ")
    }

    private static func head(table: SQLName, dialect: SQLDialect) -> String {
        let names = [
            "date", "to", "from", "subject", "body", "mail", "spam_score", "hash", "content_type", "recipient",
            "has_attach", "ip_addr", "return_path", "is_tls", "message_id", "reply_to", "sender",
        ]
        let columns = names.map(dialect.quoted).joined(separator: ", ")
        return "INSERT INTO \(table.quoted(for: dialect)) (\(columns)) VALUES"
    }

    private static func values(dialect: SQLDialect) -> String {
        "(\(dialect.now), ?, ?, ?, ?, ?, 0, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?)"
    }
}
