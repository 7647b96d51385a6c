public import GuerrillaBackend

/// All keys of the configuration, in one place: validation, warnings and the documentation come from here.
public struct ConfigurationTable: Sendable {
    /// The keys one processor reads from `backend_config`.
    public struct ProcessorKeys: Sendable {
        /// The processor's name in a chain, in lower case.
        public var name: String
        /// Other names it answers to, in lower case.
        public var aliases: [String]
        /// Its keys.
        public var keys: [ConfigurationKey]

        /// All names it answers to.
        var names: Set<String> { Set([self.name] + self.aliases) }

        /// Makes an entry.
        public init(_ name: String, aliases: [String] = [], keys: [ConfigurationKey]) {
            self.name = name.lowercased()
            self.aliases = aliases.map { $0.lowercased() }
            self.keys = keys
        }
    }

    /// The keys at the top of the file. Their names are case-insensitive.
    public let application: [ConfigurationKey]
    /// The keys of an element of `servers`. Their names are case-insensitive.
    public let server: [ConfigurationKey]
    /// The keys of a server's `tls`. Their names are case-insensitive.
    public let tls: [ConfigurationKey]
    /// The keys of an element of a server's `certificates`. Their names are case-insensitive.
    public let certificate: [ConfigurationKey]
    /// The keys of `backend_config` that belong to no single processor. Their names are case-sensitive.
    public let gateway: [ConfigurationKey]
    /// The keys of `backend_config` that processors read. Their names are case-sensitive.
    public let processors: [ProcessorKeys]

    /// The processors that chains may name; nil when that is not known, and chains are not looked at.
    public let registry: ProcessorRegistry?

    /// Makes the table with the keys of the processors that there are.
    public init(registry: ProcessorRegistry) {
        self.init(
            processors: registry.all.map { ProcessorKeys($0.name, aliases: $0.aliases, keys: $0.configurationKeys) },
            registry: registry
        )
    }

    /// Makes the table.
    ///
    /// - Parameter processors: The keys of the processors there are.
    public init(processors: [ProcessorKeys] = []) {
        self.init(processors: processors, registry: nil)
    }

    private init(processors: [ProcessorKeys], registry: ProcessorRegistry?) {
        self.registry = registry
        application = ApplicationKeys.all
        server = ServerKeys.all
        tls = TLSKeys.all
        certificate = CertificateKeys.all
        gateway = GatewayKeys.all
        self.processors = processors
    }

    /// Every key of `backend_config` once. A key that several processors read counts as the gateway's or the first one's.
    var backend: [ConfigurationKey] {
        var names: Set<String> = []
        return (gateway + processors.flatMap(\.keys)).filter { names.insert($0.name).inserted }
    }

    /// The value of a key of `backend_config` as it may be shown.
    ///
    /// - Parameter values: All of `backend_config`.
    func shown(
        _ value: ConfigurationValue,
        of key: ConfigurationKey,
        among values: ConfigurationObject
    ) -> ConfigurationValue {
        guard key.isSecret else { return value }
        guard case .string(let text) = value, !text.isEmpty else { return Redaction.redacted(value) }
        let owner = self.registry?.all.first { $0.configurationKeys.contains { $0.name == key.name } }
        return .string(owner?.redact(text, key, values) ?? Redaction.mark)
    }

    /// The names in a chain such as `HeadersParser|Header|Debugger`, in lower case.
    static func processorNames(in chain: String) -> [String] {
        ProcessorRegistry.names(in: chain).map { $0.lowercased() }
    }
}
