public import GuerrillaBackend
import GuerrillaMail
import GuerrillaServer
import Logging

/// What can be said about a configuration without starting anything.
public struct DaemonCheck: Sendable {
    static let discardsMail = "no processor of save_process stores messages: mail is accepted and discarded"

    /// What would prevent the start.
    public private(set) var errors: [String] = []
    /// What the operator should know.
    public private(set) var warnings: [String] = []
    /// What is as configured, or as in go-guerrilla, but not as a standard advises.
    public private(set) var notes: [String] = []

    /// Looks at a configuration that was decoded without problems, or made in Swift.
    /// - Parameters:
    ///   - configuration: What to look at.
    ///   - registry: The processors that chains may name.
    ///   - handsMessagesOn: Whether it is for a daemon with a function that takes the messages: then the chain need not store them.
    public init(
        _ configuration: DaemonConfiguration,
        registry: ProcessorRegistry = .standard,
        handsMessagesOn: Bool = false
    ) {
        self.errors += configuration.problems(registry) + Self.addressProblems(configuration)
        do {
            let silent = Logger(label: "guerrilla") { _ in SwiftLogNoOpLogHandler() }
            let chain = try ProcessorChain(configuration.backend, registry: registry, logger: silent)
            if !chain.stores, !handsMessagesOn {
                self.warnings.append("backend_config.save_process: \(Self.discardsMail)")
            }
        } catch let error as ConfigurationError {
            self.errors.append("\(error)")  // It names the key.
        } catch {
            self.errors.append("backend_config: \(error)")
        }
        let saving = (try? registry.chain(configuration.backend.saveProcess)) ?? []
        self.warnings += ChainOrder.findings(saving).map { "backend_config.save_process: \($0)" }
        if configuration.backend.storedLineEndings == nil {
            for name in ConfigurationTable.processorNames(in: configuration.backend.saveProcess)
            where registry[name]?.usesLineEndings == true {
                self.notes.append(
                    "backend_config.stored_line_endings: not set; `\(name)` stores messages with CRLF, as they were sent."
                        + " Write `lf` for what go-guerrilla stores, or `crlf`"
                )
            }
        }
        do {
            _ = try ProcessUser(configuration)
        } catch {
            self.errors.append("\(error)")
        }
        let serverLogs = configuration.servers.enumerated().compactMap { index, server in
            server.isEnabled ? server.logFile.map { ("servers[\(index)].log_file", $0) } : nil
        }
        for (key, destination) in [("log_file", configuration.logFile)] + serverLogs {
            guard case .file(let path) = destination, let obstacle = FileAccess.obstacleToAnybody(writing: path) else {
                continue
            }
            self.errors.append("\(key): \(obstacle)")
        }
        do {
            try OpenFileLimit.raise(
                forClients: configuration.enabledServers.map(\.connection.maximumClients),
                eventLoops: configuration.eventLoopCount
            )
        } catch {
            self.errors.append("servers: \(error)")
        }
        for (index, server) in configuration.servers.enumerated() where server.isEnabled && server.tls.isOn {
            do throws(DaemonError) {
                let warnings = try TLSOffer.make(server.tls, for: server.listenInterface).warnings
                self.warnings += warnings.map { "servers[\(index)].tls: \($0)" }
            } catch {
                self.errors.append("servers[\(index)].tls: \(error)")
            }
        }
        for (index, server) in configuration.servers.enumerated()
        where server.isEnabled && server.connection.commandTimeout < .seconds(300) {
            self.notes.append(
                "servers[\(index)].timeout: \(server.connection.commandTimeout.components.seconds) seconds for the next command;"
                    + " RFC 5321 § 4.5.3.2.7 asks for at least 300"
            )
        }
        self.warnings += AllowedHosts(configuration.allowedHosts).problems.map { "allowed_hosts: \($0)" }
    }

    /// Looks up the names that servers listen on. What stands in the file as an address was compared before.
    private static func addressProblems(_ configuration: DaemonConfiguration) -> [String] {
        var problems: [String] = []
        var known: [(interface: ListenInterface, place: ListenPlace)] = []
        for (index, server) in configuration.servers.enumerated()
        where server.isEnabled && server.listenInterface.problem == nil {
            let interface = server.listenInterface
            let path = "servers[\(index)].\(ServerKeys.listenInterface.name)"
            do {
                let place = try interface.place(keepsToItsFamily: configuration.keepsToItsFamily(interface))
                let rival = known.first {
                    $0.place.overlaps(place) && $0.interface != interface && !$0.interface.overlaps(interface)
                }
                if let rival {
                    problems.append("\(path): \(interface) and \(rival.interface) of an earlier server are one address")
                }
                known.append((interface, place))
            } catch {
                problems.append("\(path): \(DaemonError(interface, error))")
            }
        }
        return problems
    }

    /// What has come of trying connections.
    public struct ConnectionFindings: Sendable, Equatable {
        /// A sentence for each that does not come about.
        public var problems: [String] = []
        /// What the operator should know about the others.
        public var warnings: [String] = []
    }

    /// Tries the connections of the processors in both chains.
    public static func connectionFindings(
        _ configuration: DaemonConfiguration,
        registry: ProcessorRegistry = .standard
    ) async -> ConnectionFindings {
        let warnings = WarningCollector()
        do {
            let chain = try ProcessorChain(
                configuration.backend,
                registry: registry,
                logger: warnings.logger
            )
            return ConnectionFindings(problems: await chain.connectionProblems(), warnings: warnings.all)
        } catch {
            return ConnectionFindings(problems: ["\(error)"])
        }
    }

    /// Tries the connections of the processors in both chains.
    /// - Returns: A sentence for each that does not come about.
    public static func connectionProblems(
        _ configuration: DaemonConfiguration,
        registry: ProcessorRegistry = .standard
    ) async -> [String] {
        await self.connectionFindings(configuration, registry: registry).problems
    }
}
