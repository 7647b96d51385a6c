/// The settings of a processor: a type with a property for each of its keys of `backend_config`.
///
/// ```swift
/// struct Settings: ProcessorSettings {
///     var words = ["lottery"]
///
///     static let words: Key<Settings, [String]> = Key("filter_words", \.words, .texts, summary: "Words that are not wanted.")
///     static let defaults = Settings()
///     static let rows: [any ConfigurationRow<Settings>] = [words]
/// }
/// ```
public protocol ProcessorSettings: ConfigurationOwner {
    /// The keys, in the order of the documentation.
    static var rows: [any ConfigurationRow<Self>] { get }

    /// The files and directories that the processor uses. The default is none.
    var resources: [ProcessorResource] { get }
}

extension ProcessorSettings {
    /// None.
    public var resources: [ProcessorResource] { [] }
}

extension ProcessorConfiguration {
    /// The settings of one processor: its defaults, and what `backend_config` says instead.
    ///
    /// - Throws: ``ConfigurationError`` for the first key whose value is missing, of another type, out of range, or not what the property's
    ///   type can be made of.
    public func settings<Settings: ProcessorSettings>(
        _ type: Settings.Type = Settings.self
    ) throws(ConfigurationError) -> Settings {
        var settings = Settings.defaults
        for row in Settings.rows {
            let key = row.description
            let keyPath = "backend_config.\(key.name)"
            guard let value = try self.checked(key, at: keyPath) else { continue }
            for finding in row.set(value, in: &settings) where !finding.isWarning && !key.usesDefaultWhenWrong {
                let place = keyPath + (finding.index.map { "[\($0)]" } ?? "")
                throw ConfigurationError(keyPath: place, message: finding.message)
            }
        }
        return settings
    }

    /// The value of a key where it has one of its own, in the key's type.
    private func checked(_ key: ConfigurationKey, at keyPath: String) throws(ConfigurationError) -> ConfigurationValue?
    {
        var errors: [ConfigurationError] = []
        let value = self.values[key.name].flatMap { key.checked($0, at: keyPath, errors: &errors) }
        if let error = errors.first, !key.usesDefaultWhenWrong { throw error }
        guard value != nil || !key.isRequired else {
            throw ConfigurationError(keyPath: keyPath, message: "required, but not set; expected \(key.expectation)")
        }
        return value
    }
}
