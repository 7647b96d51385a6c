/// Reads a configuration through the table of keys, and reports everything there is to say about it at once.
///
/// ```swift
/// let loader = ConfigurationLoader(environment: ProcessInfo.processInfo.environment)
/// let report = loader.load(from: .lookUp(explicitPath: nil))
/// ```
///
/// A value comes from the first of these that has one: the environment, the file, the default.
public struct ConfigurationLoader: Sendable {
    /// The keys.
    public var table: ConfigurationTable

    /// The host name used where that is the default.
    public var hostName: String

    /// The environment: `GUERRILLA_<KEY>` for a key at the top, `GUERRILLA_BACKEND_CONFIG_<KEY>` for one of `backend_config`, upper-cased.
    /// A variable that is empty counts as unset.
    public var environment: [String: String]

    /// Makes a loader.
    ///
    /// - Parameters:
    ///   - table: The keys; the default has those of all processors that this package was built with.
    ///   - hostName: The host name used where that is the default.
    ///   - environment: The process's environment; the default is to look at none.
    public init(
        table: ConfigurationTable = ConfigurationTable(registry: .standard),
        hostName: String = HostName.current,
        environment: [String: String] = [:]
    ) {
        self.table = table
        self.hostName = hostName
        self.environment = environment
    }

    /// Loads the configuration a source names.
    public func load(from source: ConfigurationSource) -> ConfigurationReport {
        switch source {
        case .embeddedDefault:
            return decode(nil, base: .embeddedDefault(hostName: hostName), source: source)
        case .text:
            return decode(nil, base: DaemonConfiguration(hostName: hostName), source: source)
        case .file(let path):
            do {
                return load(try ConfigurationFile.contents(of: path), source: source)
            } catch {
                let problem = ConfigurationProblem(
                    keyPath: "",
                    message: "could not read config file \(path): \(error.message)"
                )
                return ConfigurationReport(source: source, configuration: nil, problems: [problem])
            }
        }
    }

    /// Loads a configuration from the content of a file.
    ///
    /// - Parameters:
    ///   - octets: The content, JSON in UTF-8.
    ///   - source: Where it came from, for the report; `.text` if it is no file's.
    public func load(_ octets: some Sequence<UInt8>, source: ConfigurationSource) -> ConfigurationReport {
        do {
            let file = try ConfigurationFile.parse(octets)
            return decode(file.root, base: DaemonConfiguration(hostName: hostName), source: source)
        } catch {
            let name = source == .text ? "the text" : "config file \(source)"
            let problem = ConfigurationProblem(keyPath: "", message: "could not parse \(name): \(error)")
            return ConfigurationReport(source: source, configuration: nil, problems: [problem])
        }
    }

    private func decode(
        _ root: ConfigurationNode?,
        base: DaemonConfiguration,
        source: ConfigurationSource
    ) -> ConfigurationReport {
        var decoder = ConfigurationDecoder(table: table, hostName: hostName, environment: environment)
        let configuration = decoder.decode(root, base: base)
        // Only here are the indices of servers surely those of the file.
        if decoder.problems.isEmpty {
            let file: String? = if case .file(let path) = source { path } else { nil }
            decoder.problems += FileConflicts.problems(
                configuration,
                from: file,
                registry: table.registry ?? ProcessorRegistry()
            )
        }
        decoder.name(source)
        return ConfigurationReport(
            source: source,
            configuration: decoder.problems.isEmpty ? configuration : nil,
            problems: decoder.problems,
            warnings: decoder.warnings
        )
    }
}
