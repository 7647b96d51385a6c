import GuerrillaBackend

/// Renders the table of keys as the Markdown tables of `Docs/CONFIGURATION.md`.
///
/// The document is prose with blocks between `<!-- keys: NAME -->` and `<!-- end of keys -->`; the blocks are made here, and a test compares.
struct ConfigurationDocument {
    /// What ends a block.
    static let end = "<!-- end of keys -->"

    let table: ConfigurationTable

    /// The blocks by name, in the order of the document.
    var blocks: [(name: String, markdown: String)] {
        [
            ("application", Self.markdown(table.application)),
            ("servers", Self.markdown(table.server)),
            ("tls", Self.markdown(table.tls)),
            ("certificates", Self.markdown(table.certificate)),
            ("backend_config", Self.markdown(table.gateway)),
            ("processors", processors),
            ("old", old),
        ]
    }

    /// What begins a block.
    static func begin(_ name: String) -> String {
        "<!-- keys: \(name) -->"
    }

    /// `text` with the content of every block replaced by what the table says. A block that is missing is left out.
    func updating(_ text: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for block in blocks {
            guard let first = lines.firstIndex(of: Self.begin(block.name)),
                let last = lines[first...].firstIndex(of: Self.end)
            else { continue }
            lines.replaceSubrange(first + 1..<last, with: ["", block.markdown, ""])
        }
        return lines.joined(separator: "\n")
    }

    private var processors: String {
        table.processors.map { processor in
            "### `\(processor.name)`\n\n" + Self.markdown(processor.keys)
        }
        .joined(separator: "\n\n")
    }

    private var old: String {
        let places = [
            ("", table.application), ("servers[].", table.server), ("backend_config.", table.gateway),
        ]
        let rows = places.flatMap { place, keys in
            keys.compactMap { key in
                key.replacement.map { "| `\(place)\(key.name)` | \($0) |" }
            }
        }
        return (["| Key | Today |", "| --- | --- |"] + rows).joined(separator: "\n")
    }

    private static func markdown(_ keys: [ConfigurationKey]) -> String {
        let rows = keys.filter { $0.replacement == nil }.map(row)
        return (["| Key | Type | Default | Meaning |", "| --- | --- | --- | --- |"] + rows).joined(separator: "\n")
    }

    private static func row(_ key: ConfigurationKey) -> String {
        var notes: [String] = []
        if let range = key.rangeText {
            notes.append("Range: \(range).")
        }
        if let values = key.allowedValues {
            notes.append("Values: " + values.map { "`\($0)`" }.joined(separator: ", ") + ".")
        }
        if key.isSecret {
            notes.append("Secret: never printed.")
        }
        if !key.isReloadable {
            notes.append("Needs a restart.")
        }
        if key.origin == .ours {
            notes.append("*New.*")
        }
        if !key.isEffective {
            notes.append("*Not effective yet.*")
        }
        let meaning = ([key.summary] + notes).joined(separator: " ")
        let fallback = key.isRequired && key.defaultValue == nil ? "required" : key.defaultValue?.text ?? "none"
        let cells = ["`\(key.name)`", typeText(key), fallback, meaning].map(escaped)
        return "| " + cells.joined(separator: " | ") + " |"
    }

    /// A `|` would end the cell, even between backquotes.
    private static func escaped(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }

    private static func typeText(_ key: ConfigurationKey) -> String {
        let type =
            switch key.type {
            case .bool: "boolean"
            case .integer, .seconds, .octets: "number"
            case .string: "string"
            case .duration: "duration"
            case .stringList: "list of strings"
            case .object: "object"
            case .objectList: "list of objects"
            }
        let typeUnit: String? =
            switch key.type {
            case .seconds: "seconds"
            case .octets: "octets"
            default: nil
            }
        return (key.unit ?? typeUnit).map { "\(type), \($0)" } ?? type
    }
}
