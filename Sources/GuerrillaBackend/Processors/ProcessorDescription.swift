/// A processor that can be named in `save_process` and `validate_process`, and everything that is known of it before there is one.
///
/// The daemon and `guerrillad check` know no processor by its name: what they must know stands here.
public struct ProcessorDescription: Sendable {
    /// The name as it is documented; compared without regard to case.
    public var name: String
    /// Other names it answers to.
    public var aliases: [String]
    /// What it does.
    public var capabilities: ProcessorCapabilities
    /// The keys of `backend_config` that it reads.
    public var configurationKeys: [ConfigurationKey]
    /// Processors that have to stand before it in `save_process`: it cannot work without what they leave in the envelope.
    public var requiredBefore: [String]
    /// What it uses of an envelope, if it is there, beside the envelope itself and the message.
    public var reads: EnvelopeParts = []
    /// What it leaves in the envelope for those behind it.
    public var writes: EnvelopeParts = []
    /// Whether what it keeps or makes depends on `stored_line_endings`, because programs that were written for go-guerrilla may read it.
    public var usesLineEndings = false
    /// Makes the instance of one chain. Opening files and connections is left to ``Processor/start()``.
    public var make: @Sendable (ProcessorContext) throws -> any Processor
    /// What it uses of this machine. Nothing where its settings are wrong: making an instance says that.
    public var resources: @Sendable (ProcessorConfiguration) -> [ProcessorResource] = { _ in [] }
    /// The text of a secret key without its secret part, so that it can be shown. The default shows none of it.
    ///
    /// It gets the text, its key, and all of `backend_config`.
    public var redact: @Sendable (String, ConfigurationKey, ConfigurationObject) -> String = { _, _, _ in Redaction.mark
    }

    /// Describes a processor type that has settings.
    /// - Parameters:
    ///   - name: The name to be used in chains.
    ///   - type: The type that `make` creates.
    ///   - settings: The type of its settings.
    ///   - aliases: Other names it answers to.
    ///   - requiredBefore: Processors that have to stand before it in `save_process`.
    ///   - make: Creates the instance; throws ``ConfigurationError`` for values it cannot use.
    public init<P: Processor, Settings: ProcessorSettings>(
        _ name: String,
        _ type: P.Type,
        settings: Settings.Type,
        aliases: [String] = [],
        requiredBefore: [String] = [],
        make: @escaping @Sendable (ProcessorContext, Settings) throws -> P
    ) {
        self.init(name, type, aliases: aliases, requiredBefore: requiredBefore) { context in
            try make(context, try context.configuration.settings(Settings.self))
        }
        self.configurationKeys = Settings.rows.map(\.description)
        self.resources = { (try? $0.settings(Settings.self))?.resources ?? [] }
    }

    /// Describes a processor type without settings.
    /// - Parameters:
    ///   - name: The name to be used in chains.
    ///   - type: The type that `make` creates.
    ///   - aliases: Other names it answers to.
    ///   - requiredBefore: Processors that have to stand before it in `save_process`.
    ///   - make: Creates the instance.
    public init<P: Processor>(
        _ name: String,
        _ type: P.Type,
        aliases: [String] = [],
        requiredBefore: [String] = [],
        make: @escaping @Sendable (ProcessorContext) throws -> P
    ) {
        self.name = name
        self.aliases = aliases
        self.capabilities = P.capabilities
        self.configurationKeys = []
        self.requiredBefore = requiredBefore
        self.make = make
    }

    /// Whether a chain means this processor by a name.
    package func answers(to name: String) -> Bool {
        let name = name.lowercased()
        return ([self.name] + self.aliases).contains { $0.lowercased() == name }
    }
}

/// Parts of an envelope that one processor makes for others.
public struct EnvelopeParts: OptionSet, Sendable {
    /// The set as bits.
    public let rawValue: UInt8

    /// Creates a set from its bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The header section and the subject.
    public static let header = EnvelopeParts(rawValue: 1)
    /// The fields in front of the message: Return-Path and Received.
    public static let deliveryHeader = EnvelopeParts(rawValue: 2)
    /// The hashes that name the message.
    public static let hashes = EnvelopeParts(rawValue: 4)
    /// The compressed message.
    public static let compressedMessage = EnvelopeParts(rawValue: 8)
}

/// A file or a directory that a processor uses.
public struct ProcessorResource: Sendable, Hashable {
    /// What it is.
    public enum Kind: Sendable, Hashable {
        /// A database of SQLite, which keeps files beside it: `-wal`, `-shm`, `-journal`.
        case database
        /// A directory that files are made in.
        case directory
        /// A file that is only read.
        case file
    }

    /// What it is.
    public var kind: Kind
    /// Where it is.
    public var path: String
    /// The key of `backend_config` that names it.
    public var key: String
    /// Whether messages are kept there, so that `min_free_space` must be free on its file system.
    public var keepsMessages: Bool

    /// Names a resource.
    public init(_ kind: Kind, at path: String, key: String, keepsMessages: Bool = false) {
        self.kind = kind
        self.path = path
        self.key = key
        self.keepsMessages = keepsMessages
    }
}
