/// One key of the configuration: what it is called, what it takes, and what it is for.
///
/// The list of all keys yields validation, warnings and `Docs/CONFIGURATION.md`. A processor declares its keys as a static list of these
/// and reads them through ``ProcessorConfiguration``.
public struct ConfigurationKey: Sendable, Hashable {
    /// What a key takes.
    public enum ValueType: Sendable, Hashable {
        /// `true` or `false`.
        case bool
        /// A whole number.
        case integer
        /// Text.
        case string
        /// A string in Go's duration syntax (``GoDuration``).
        case duration
        /// A whole number of seconds.
        case seconds
        /// A whole number of octets.
        case octets
        /// A list of strings.
        case stringList
        /// An object.
        case object
        /// A list of objects.
        case objectList
    }

    /// Where a key comes from.
    public enum Origin: Sendable, Hashable {
        /// go-guerrilla has it, with this name and meaning.
        case goGuerrilla
        /// It is new here.
        case ours
    }

    /// When a text must not be empty, although the key is set.
    public enum TextNeed: Sendable, Hashable {
        /// Wherever its processor is named.
        case always
        /// Where its processor is named in `save_process`.
        case toSave
        /// Where its processor is named in `validate_process`.
        case toValidate
    }

    /// The name in the file.
    public var name: String

    /// What the key takes.
    public var type: ValueType

    /// The unit of a number, nil when the type says it all.
    public var unit: String?

    /// The value used when the key is not set; nil when there is none.
    public var defaultValue: ConfigurationDefault?

    /// Whether there must be a value.
    public var isRequired: Bool

    /// When the text must not be empty; nil for never.
    public var neededText: TextNeed?

    /// Whether a change takes effect on reload, without a restart.
    public var isReloadable: Bool

    /// Whether the value must never be printed.
    public var isSecret: Bool

    /// Where the key comes from.
    public var origin: Origin

    /// Whether the key does something in this version. A key that does not is understood and checked, and setting it gives a warning.
    public var isEffective: Bool

    /// The values a number may have: in the key's unit; in nanoseconds for ``ValueType/duration``. nil means any.
    public var range: ClosedRange<Int64>?

    /// The strings the key takes, in any case. nil means any.
    public var allowedValues: [String]?

    /// Whether 0 means the default, as for go-guerrilla's numbers.
    public var zeroMeansDefault: Bool

    /// Whether a wrong value gives a warning and the default is used, where go-guerrilla does the same silently.
    public var usesDefaultWhenWrong: Bool

    /// For a key that old versions of go-guerrilla had: what to write today. Such a key does nothing but give a warning.
    public var replacement: String?

    /// What the key is for, in one or two sentences of Markdown.
    public var summary: String

    /// Makes a key. The parameters are the properties of the same names; `default` is ``defaultValue``.
    public init(
        _ name: String,
        _ type: ValueType,
        unit: String? = nil,
        default defaultValue: ConfigurationDefault? = nil,
        isRequired: Bool = false,
        neededText: TextNeed? = nil,
        isReloadable: Bool = true,
        isSecret: Bool = false,
        origin: Origin = .ours,
        isEffective: Bool = true,
        range: ClosedRange<Int64>? = nil,
        allowedValues: [String]? = nil,
        zeroMeansDefault: Bool = false,
        usesDefaultWhenWrong: Bool = false,
        replacement: String? = nil,
        summary: String
    ) {
        self.name = name
        self.type = type
        self.unit = unit
        self.defaultValue = defaultValue
        self.isRequired = isRequired
        self.neededText = neededText
        self.isReloadable = isReloadable
        self.isSecret = isSecret
        self.origin = origin
        self.isEffective = isEffective
        self.range = range
        self.allowedValues = allowedValues
        self.zeroMeansDefault = zeroMeansDefault
        self.usesDefaultWhenWrong = usesDefaultWhenWrong
        self.replacement = replacement
        self.summary = summary
    }
}
