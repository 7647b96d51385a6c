/// A type whose properties are set by keys of the configuration, see ``Key``.
public protocol ConfigurationOwner: Sendable {
    /// A value with every default. The default of a ``Key`` is read from it.
    static var defaults: Self { get }
}

/// One key of the configuration and the property it sets: one row of the table of keys.
///
/// ```swift
/// static let maxSize: Key<ServerConfiguration, Int> = Key(
///     "max_size", \.limits.messageSize, .octets, range: 1 ... .max, summary: "The largest message accepted."
/// )
/// ```
///
/// Everything that is done with a key is a loop over rows: reading a file, the defaults, the checks, `config show`, what a reload has
/// changed, and `Docs/CONFIGURATION.md`.
public struct Key<Owner: ConfigurationOwner, Value: Sendable & Equatable>: ConfigurationRow {
    /// What the key is called, what it takes, and what it is for.
    public let description: ConfigurationKey

    private let property: any WritableKeyPath<Owner, Value> & Sendable
    private let form: ValueForm<Value>

    /// Makes a row.
    ///
    /// - Parameters:
    ///   - name: The name in the file.
    ///   - property: What the key sets.
    ///   - form: How the value is written in the file.
    ///   - unit: The unit of a number, nil when the form says it all.
    ///   - fallback: What holds when the key is not set. The default is the property's value in ``ConfigurationOwner/defaults``.
    ///   - isRequired: Whether there must be a value.
    ///   - neededText: When a text must not be empty.
    ///   - isReloadable: Whether a change takes effect on reload, without a restart.
    ///   - isSecret: Whether the value must never be printed.
    ///   - origin: Where the key comes from.
    ///   - range: The values a number may have: in the key's unit; in nanoseconds for a duration. nil means any.
    ///   - zeroMeansDefault: Whether 0 means the default, as for go-guerrilla's numbers.
    ///   - usesDefaultWhenWrong: Whether a wrong value gives a warning and the default is used.
    ///   - summary: What the key is for, in one or two sentences of Markdown.
    public init(
        _ name: String,
        _ property: any WritableKeyPath<Owner, Value> & Sendable,
        _ form: ValueForm<Value>,
        unit: String? = nil,
        default fallback: ConfigurationDefault? = nil,
        isRequired: Bool = false,
        neededText: ConfigurationKey.TextNeed? = nil,
        isReloadable: Bool = true,
        isSecret: Bool = false,
        origin: ConfigurationKey.Origin = .ours,
        range: ClosedRange<Int64>? = nil,
        zeroMeansDefault: Bool = false,
        usesDefaultWhenWrong: Bool = false,
        summary: String
    ) {
        let standard = isRequired ? nil : form.write(Owner.defaults[keyPath: property])
        self.property = property
        self.form = form
        self.description = ConfigurationKey(
            name,
            form.type,
            unit: unit,
            default: fallback ?? standard.flatMap(ConfigurationDefault.init),
            isRequired: isRequired,
            neededText: neededText,
            isReloadable: isReloadable,
            isSecret: isSecret,
            origin: origin,
            range: range,
            allowedValues: form.allowedValues,
            zeroMeansDefault: zeroMeansDefault,
            usesDefaultWhenWrong: usesDefaultWhenWrong,
            summary: summary
        )
    }

    /// The name in the file.
    public var name: String { self.description.name }

    /// Sets the property to a value of the file that ``ConfigurationKey`` has found to be of the key's type and in its range.
    ///
    /// - Returns: What is wrong with the value; the property is unchanged then, unless all findings are warnings.
    public func set(_ value: ConfigurationValue, in owner: inout Owner) -> [ValueFinding] {
        var findings: [ValueFinding] = []
        if let value = self.form.read(value, &findings) { owner[keyPath: self.property] = value }
        return findings
    }

    /// The property's value as it is written in a file; nil when it is not set.
    public func value(in owner: Owner) -> ConfigurationValue? {
        self.form.write(owner[keyPath: self.property])
    }

    /// Whether the property is the same in both.
    public func isEqual(_ left: Owner, _ right: Owner) -> Bool {
        left[keyPath: self.property] == right[keyPath: self.property]
    }

    /// That the property's value is a number or a duration out of the key's range; nil when it is in the range, or not set.
    ///
    /// Zero is no sign for the default here, and durations may be shorter than the shortest in a file, but not negative.
    public func rangeProblem(in owner: Owner) -> String? {
        guard let range = self.description.range, let rangeText = self.description.rangeText else { return nil }
        let found: String
        switch owner[keyPath: self.property] as Any {
        case let number as Int:
            guard !range.contains(Int64(number)) else { return nil }
            found = "\(number)"
        case let time as Duration:
            let longest: Duration =
                self.description.type == .duration ? .nanoseconds(range.upperBound) : .seconds(range.upperBound)
            guard !(Duration.zero...longest).contains(time) else { return nil }
            found = "\(time)"
        default:
            return nil
        }
        return "\(found) is out of range; use \(rangeText)"
    }
}

/// A ``Key`` of whichever type its property has.
public protocol ConfigurationRow<Owner>: Sendable {
    /// What has the property.
    associatedtype Owner

    /// What the key is called, what it takes, and what it is for.
    var description: ConfigurationKey { get }

    /// See ``Key/set(_:in:)``.
    func set(_ value: ConfigurationValue, in owner: inout Owner) -> [ValueFinding]

    /// See ``Key/value(in:)``.
    func value(in owner: Owner) -> ConfigurationValue?

    /// See ``Key/isEqual(_:_:)``.
    func isEqual(_ left: Owner, _ right: Owner) -> Bool

    /// See ``Key/rangeProblem(in:)``.
    func rangeProblem(in owner: Owner) -> String?
}

/// What is to be said of a value that has the right type.
public struct ValueFinding: Sendable, Equatable {
    /// Which element of a list it is about; nil for the value as a whole.
    public var index: Int?
    /// What is wrong and what to do about it.
    public var message: String
    /// Whether the rest of the value is used all the same.
    public var isWarning: Bool

    /// Makes a finding.
    public init(_ message: String, at index: Int? = nil, isWarning: Bool = false) {
        self.index = index
        self.message = message
        self.isWarning = isWarning
    }
}
