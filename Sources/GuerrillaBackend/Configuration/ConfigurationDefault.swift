/// What holds when a key is not set.
public enum ConfigurationDefault: Sendable, Hashable {
    /// A boolean.
    case bool(Bool)
    /// A number, in the key's unit.
    case integer(Int64)
    /// Text, or a duration in Go's syntax.
    case string(String)
    /// A list of strings.
    case stringList([String])
    /// It depends on something else; the text says on what, in Markdown.
    case described(String)

    /// Makes the default that a value of the file stands for; nil for an object, a list of anything but strings, and other values that are
    /// the default of no key.
    init?(_ value: ConfigurationValue) {
        switch value {
        case .bool(let value): self = .bool(value)
        case .integer(let number): self = .integer(number)
        case .string(let text): self = .string(text)
        case .array(let elements):
            var texts: [String] = []
            for element in elements {
                guard case .string(let text) = element else { return nil }
                texts.append(text)
            }
            self = .stringList(texts)
        case .null, .double, .object: return nil
        }
    }

    /// The default as a value of the file; nil when it depends on something else.
    public var value: ConfigurationValue? {
        switch self {
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .string(let value): .string(value)
        case .stringList(let values): .array(values.map { .string($0) })
        case .described: nil
        }
    }

    /// The default as the documentation shows it, in Markdown.
    public var text: String {
        switch self {
        case .bool(let value): "`\(value)`"
        case .integer(let value): "`\(value)`"
        case .string(let value): value.isEmpty ? "empty" : "`\(value)`"
        case .stringList(let values): values.isEmpty ? "empty" : values.map { "`\($0)`" }.joined(separator: ", ")
        case .described(let text): text
        }
    }
}
