/// What a processor's factory reads its settings from: the flat `backend_config` object, with the environment's overrides.
///
/// ```swift
/// static let path = ConfigurationKey("sqlite_path", .string, default: .string("guerrilla.sqlite"), summary: "…")
///
/// init(configuration: ProcessorConfiguration) throws {
///     let path = try configuration.requiredString(Self.path)
/// ```
///
/// A value comes from the first of these that has one: the environment variable `GUERRILLA_BACKEND_CONFIG_<KEY>` (upper-cased; an empty
/// one counts as unset), the object, the key's default. Key names are case-sensitive in the object.
///
/// Printing shows no values.
public struct ProcessorConfiguration: Sendable {
    /// What stands before the key's name in an environment variable.
    public static let environmentPrefix = "GUERRILLA_BACKEND_CONFIG_"

    /// The object.
    public let values: ConfigurationObject
    private let environment: [String: Secret]

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - values: The `backend_config` object.
    ///   - environment: The process's environment. Only variables that start with ``environmentPrefix`` are looked at.
    public init(values: ConfigurationObject = ConfigurationObject(), environment: [String: String] = [:]) {
        self.values = values
        self.environment = environment.filter { $0.key.hasPrefix(Self.environmentPrefix) && !$0.value.isEmpty }
            .mapValues(Secret.init)
    }

    /// The text of a ``ConfigurationKey/ValueType/string`` key, nil when it is not set and has no default.
    ///
    /// - Throws: ``ConfigurationError`` when the value is of another type or not one of the allowed ones.
    public func string(_ key: ConfigurationKey) throws(ConfigurationError) -> String? {
        switch try value(key, as: [.string]) {
        case .string(let text): text
        default: nil
        }
    }

    /// The text of a secret ``ConfigurationKey/ValueType/string`` key, nil when it is not set.
    ///
    /// - Throws: ``ConfigurationError`` when the value is of another type.
    public func secret(_ key: ConfigurationKey) throws(ConfigurationError) -> Secret? {
        try string(key).map(Secret.init)
    }

    /// The number of an ``ConfigurationKey/ValueType/integer``, `seconds` or `octets` key, nil when it is not set and has no default.
    ///
    /// - Throws: ``ConfigurationError`` when the value is no whole number or out of range.
    public func integer(_ key: ConfigurationKey) throws(ConfigurationError) -> Int? {
        switch try value(key, as: [.integer, .seconds, .octets]) {
        case .integer(let number): Int(clamping: number)
        default: nil
        }
    }

    /// The value of a ``ConfigurationKey/ValueType/bool`` key, nil when it is not set and has no default.
    ///
    /// - Throws: ``ConfigurationError`` when the value is neither true nor false.
    public func bool(_ key: ConfigurationKey) throws(ConfigurationError) -> Bool? {
        switch try value(key, as: [.bool]) {
        case .bool(let value): value
        default: nil
        }
    }

    /// The length of time of a ``ConfigurationKey/ValueType/duration`` or `seconds` key, nil when it is not set and has no default.
    ///
    /// - Throws: ``ConfigurationError`` when the value is no duration or out of range.
    public func duration(_ key: ConfigurationKey) throws(ConfigurationError) -> Duration? {
        switch try value(key, as: [.duration, .seconds]) {
        case .string(let text): GoDuration(text)?.duration
        case .integer(let seconds): .seconds(seconds)
        default: nil
        }
    }

    /// The strings of a ``ConfigurationKey/ValueType/stringList`` key, nil when it is not set and has no default.
    ///
    /// - Throws: ``ConfigurationError`` when the value is no list of strings.
    public func stringList(_ key: ConfigurationKey) throws(ConfigurationError) -> [String]? {
        guard case .array(let elements)? = try value(key, as: [.stringList]) else { return nil }
        return elements.compactMap { element in
            if case .string(let text) = element { text } else { nil }
        }
    }

    /// The members of an ``ConfigurationKey/ValueType/object`` key, nil when it is not set.
    ///
    /// - Throws: ``ConfigurationError`` when the value is no object.
    public func object(_ key: ConfigurationKey) throws(ConfigurationError) -> ConfigurationObject? {
        guard case .object(let object)? = try value(key, as: [.object]) else { return nil }
        return object
    }

    /// Like ``string(_:)``; a key without value and default is an error.
    public func requiredString(_ key: ConfigurationKey) throws(ConfigurationError) -> String {
        try required(key, string(key))
    }

    /// Like ``secret(_:)``; a key without value is an error.
    public func requiredSecret(_ key: ConfigurationKey) throws(ConfigurationError) -> Secret {
        try required(key, secret(key))
    }

    /// Like ``integer(_:)``; a key without value and default is an error.
    public func requiredInteger(_ key: ConfigurationKey) throws(ConfigurationError) -> Int {
        try required(key, integer(key))
    }

    /// Like ``bool(_:)``; a key without value and default is an error.
    public func requiredBool(_ key: ConfigurationKey) throws(ConfigurationError) -> Bool {
        try required(key, bool(key))
    }

    /// Like ``duration(_:)``; a key without value and default is an error.
    public func requiredDuration(_ key: ConfigurationKey) throws(ConfigurationError) -> Duration {
        try required(key, duration(key))
    }

    /// Like ``stringList(_:)``; a key without value and default is an error.
    public func requiredStringList(_ key: ConfigurationKey) throws(ConfigurationError) -> [String] {
        try required(key, stringList(key))
    }

    /// The checked value of `key`, or its default.
    private func value(
        _ key: ConfigurationKey,
        as types: [ConfigurationKey.ValueType]
    ) throws(ConfigurationError) -> ConfigurationValue? {
        guard types.contains(key.type) else {
            throw ConfigurationError(
                keyPath: keyPath(of: key),
                message: "the processor declares this key as \(key.expectation) and reads it as something else"
            )
        }
        var errors: [ConfigurationError] = []
        let variable = Self.environmentPrefix + key.name.uppercased()
        let value: ConfigurationValue?
        if let text = environment[variable] {
            value = key.checked(environment: text.reveal(), variable: variable, errors: &errors)
        } else if let found = values[key.name] {
            value = key.checked(found, at: keyPath(of: key), errors: &errors)
        } else {
            value = nil
        }
        if let error = errors.first, !key.usesDefaultWhenWrong {
            throw error
        }
        return value ?? key.defaultValue?.value
    }

    private func required<Value>(_ key: ConfigurationKey, _ value: Value?) throws(ConfigurationError) -> Value {
        guard let value else {
            throw ConfigurationError(
                keyPath: keyPath(of: key),
                message: "required, but not set; expected \(key.expectation)"
            )
        }
        return value
    }

    private func keyPath(of key: ConfigurationKey) -> String {
        "backend_config.\(key.name)"
    }
}
