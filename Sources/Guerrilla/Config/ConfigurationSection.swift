import GuerrillaBackend

/// One object of the file after its values were checked: what the runtime form is made of.
struct ConfigurationSection {
    /// The members by the table's spelling of their keys.
    var members: [String: ConfigurationNode.Member] = [:]

    /// The checked values. What is missing here is not set, means the default, or was reported.
    var values: [String: ConfigurationValue] = [:]

    /// The keys whose value was reported as wrong.
    var wrong: Set<String> = []

    func bool(_ key: ConfigurationKey) -> Bool? {
        if case .bool(let value)? = values[key.name] { value } else { nil }
    }

    func integer(_ key: ConfigurationKey) -> Int? {
        if case .integer(let number)? = values[key.name] { Int(clamping: number) } else { nil }
    }

    /// A string; an empty one counts as unset.
    func string(_ key: ConfigurationKey) -> String? {
        if case .string(let text)? = values[key.name], !text.isEmpty { text } else { nil }
    }

    /// A string that may be empty.
    func anyString(_ key: ConfigurationKey) -> String? {
        if case .string(let text)? = values[key.name] { text } else { nil }
    }

    /// The strings of a list; an empty one counts as unset.
    func strings(_ key: ConfigurationKey) -> [String]? {
        guard case .array(let elements)? = values[key.name], !elements.isEmpty else { return nil }
        return elements.compactMap { element in
            if case .string(let text) = element { text } else { nil }
        }
    }

    /// A number of seconds, or a text in Go's syntax.
    func duration(_ key: ConfigurationKey) -> Duration? {
        switch values[key.name] {
        case .integer(let seconds)?: .seconds(seconds)
        case .string(let text)?: GoDuration(text)?.duration
        default: nil
        }
    }

    func line(_ key: ConfigurationKey) -> Int? {
        members[key.name]?.keyPosition.line
    }

    /// The value as it stands in the file, with positions.
    func node(_ key: ConfigurationKey) -> ConfigurationNode? {
        members[key.name]?.node
    }
}
