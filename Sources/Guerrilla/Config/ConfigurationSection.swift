import GuerrillaBackend

/// One object of the file after its values were checked: what the runtime form is made of.
struct ConfigurationSection {
    /// The members by the table's spelling of their keys.
    var members: [String: ConfigurationNode.Member] = [:]

    /// The checked values. What is missing here is not set, means the default, or was reported.
    var values: [String: ConfigurationValue] = [:]

    /// The keys whose value was reported as wrong.
    var wrong: Set<String> = []

    /// Whether there is no value, or an empty text, which means the same.
    func isUnset(_ key: ConfigurationKey) -> Bool {
        values[key.name] == nil || values[key.name] == ""
    }

    /// A text, an empty one too.
    func text(_ key: ConfigurationKey) -> String? {
        if case .string(let text)? = values[key.name] { text } else { nil }
    }

    func line(_ key: ConfigurationKey) -> Int? {
        members[key.name]?.keyPosition.line
    }

    /// The value as it stands in the file, with positions.
    func node(_ key: ConfigurationKey) -> ConfigurationNode? {
        members[key.name]?.node
    }
}
