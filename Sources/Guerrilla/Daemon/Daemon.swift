public import GuerrillaBackend
import GuerrillaMail
import GuerrillaProcessors
import GuerrillaSMTP
import GuerrillaServer
public import Logging
public import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A mail receiver: its servers, the backend behind them and its log.
///
/// ```swift
/// var configuration = DaemonConfiguration.embeddedDefault(hostName: "mail.example.com")
/// configuration.backend.saveProcess = "HeadersParser|Header|sqlite"
/// let daemon = Daemon(configuration: configuration)
/// let listeners = try await daemon.start()
/// …
/// await daemon.shutdown()
/// ```
///
/// Two daemons in one process know nothing of each other.
public actor Daemon {
    /// A server that accepts connections.
    public struct Listener: Sendable {
        /// `listen_interface` as configured.
        public let interface: String
        /// The address listened on, with the port that the system chose if none was asked for.
        public let address: SocketAddress
    }

    private enum State {
        case idle
        case starting(isInterrupted: Bool)
        case running(Running)
        case stopped
    }

    private struct Running {
        var group: MultiThreadedEventLoopGroup
        var gateway: Gateway
        var servers: [SMTPServer] = []
        var logs: Logs
        var logger: Logger
        var pidFile: PIDFile?
        var freeSpaceTask: Task<Void, Never>?
        var certificates: CertificateReloader
        var certificateTask: Task<Void, Never>?
    }

    /// What the daemon was made for.
    public nonisolated let configuration: DaemonConfiguration
    private var registry: ProcessorRegistry
    private let backend: (any Backend)?
    private var state = State.idle
    /// Calls of ``shutdown()`` that wait for a start to be given up.
    private var startWaiters: [CheckedContinuation<Void, Never>] = []

    /// Creates a daemon that does nothing yet.
    /// - Parameters:
    ///   - configuration: What to do.
    ///   - registry: The processors that chains may name.
    ///   - backend: A backend of the application's own, in the place of the configured chains.
    public init(
        configuration: DaemonConfiguration,
        registry: ProcessorRegistry = .standard,
        backend: (any Backend)? = nil
    ) {
        self.configuration = configuration
        self.registry = registry
        self.backend = backend
    }

    /// Makes a processor known under its name, or puts it in the place of the one of that name. To be called before ``start()``: chains
    /// that exist stay as they are.
    public func addProcessor(_ description: ProcessorDescription) {
        self.registry.register(description)
    }

    /// Makes a processor known.
    /// - Parameters:
    ///   - name: The name that chains use, in any case.
    ///   - type: What the factory makes.
    ///   - make: Makes the instance of one chain; throws for settings that it cannot use.
    public func addProcessor<P: Processor>(
        _ name: String,
        _ type: P.Type = P.self,
        make: @escaping @Sendable (ProcessorContext) throws -> P
    ) {
        self.addProcessor(ProcessorDescription(name, type, make: make))
    }

    /// Starts backend and servers.
    ///
    /// - Returns: The listeners, in the order of the configuration.
    /// - Throws: ``DaemonError`` in one sentence. Nothing is left half-started then.
    @discardableResult
    public func start() async throws -> [Listener] {
        guard case .idle = self.state else { throw DaemonError("a daemon is started once only") }
        self.state = .starting(isInterrupted: false)
        defer {
            for waiter in self.startWaiters { waiter.resume() }
            self.startWaiters = []
        }
        do {
            try OpenFileLimit.raise(forClients: self.configuration.enabledServers.map(\.maximumClients))
            let logs = try Logs(self.configuration.logSettings)
            let logger = logs.main.logger
            let group = MultiThreadedEventLoopGroup(
                numberOfThreads: max(1, self.configuration.eventLoops ?? System.coreCount)
            )
            var running = Running(
                group: group,
                gateway: Gateway(),
                logs: logs,
                logger: logger,
                certificates: CertificateReloader(logger: logger)
            )
            do {
                let listeners = try await self.start(&running)
                if case .starting(isInterrupted: true) = self.state {
                    throw DaemonError("the daemon was shut down while it started")
                }
                self.state = .running(running)
                return listeners
            } catch {
                await self.stop(running, deadline: .now + .seconds(5))
                throw error
            }
        } catch {
            self.state = .stopped
            throw DaemonError(wrapping: error)
        }
    }

    private func start(_ running: inout Running) async throws -> [Listener] {
        // Reads certificates: before a store is opened that nobody will write to.
        let certificates = try self.configuration.enabledServers.map {
            $0.tls.isOn ? try running.certificates.read($0.tls, for: $0.listenInterface) : nil
        }
        let backend = self.configuration.backend
        try await running.gateway.start(
            try self.makeBackend(logger: running.logger),
            timeouts: Gateway.Timeouts(save: backend.saveTimeout, validate: backend.validateTimeout),
            recipientCacheLifetime: backend.recipientCacheLifetime
        )
        let resources = ServerResources(
            eventLoopGroup: running.group,
            memoryBudget: MemoryBudget(
                limit: self.configuration.maximumMessageMemory ?? PhysicalMemory.octets / 4
            ),
            storageSpace: self.watchFreeSpace(&running),
            gateway: running.gateway,
            allowedHosts: AllowedHosts(self.configuration.allowedHosts)
        )
        var listeners: [Listener] = []
        for (server, certificates) in zip(self.configuration.enabledServers, certificates) {
            var settings = self.settings(for: server, running: running)
            settings.tls = certificates?.offer
            let smtpServer = try await SMTPServer(settings: settings, resources: resources)
            running.servers.append(smtpServer)
            if let certificates {
                running.certificates.watch(certificates) { offer in smtpServer.updateSettings { $0.tls = offer } }
            }
            do {
                let address = try await Self.listen(smtpServer, on: server)
                listeners.append(Listener(interface: server.listenInterface.description, address: address))
            } catch {
                throw DaemonError("cannot listen on \(server.listenInterface): \(Self.reason(of: error))")
            }
        }
        if self.configuration.certificateCheckInterval > .zero, certificates.contains(where: { $0 != nil }) {
            running.certificateTask = running.certificates.start(every: self.configuration.certificateCheckInterval)
        }
        if let path = self.configuration.pidFile {
            running.pidFile = try PIDFile(writingTo: path)
            running.logger.info("pid_file (\(path)) written with pid:\(PIDFile.processID)")
        }
        for problem in AllowedHosts(self.configuration.allowedHosts).problems {
            running.logger.warning("allowed_hosts: \(problem)")
        }
        for listener in listeners {
            running.logger.info("Listening on TCP \(listener.address.hostAndPort)")
        }
        return listeners
    }

    /// The daemon's log; discards everything when the daemon is not running.
    public var logger: Logger {
        guard case .running(let running) = self.state else {
            return Logger(label: "guerrilla") { _ in SwiftLogNoOpLogHandler() }
        }
        return running.logger
    }

    /// Reads the certificates, keys and certificate authorities of all servers again.
    ///
    /// New connections get the new ones; those that are open keep theirs, and so do handshakes in progress. A server whose files cannot
    /// be used goes on with the old ones, and a line at level error says why. Changed files are found without this too, every
    /// ``DaemonConfiguration/certificateCheckInterval``.
    ///
    /// - Returns: Whether all files are in use now; false when the daemon is not running.
    @discardableResult
    public func reloadCertificates() async -> Bool {
        guard case .running(let running) = self.state else { return false }
        return await running.certificates.reload()
    }

    /// Stops accepting, lets messages in hand be finished, and closes everything.
    ///
    /// A daemon that is just starting gives that up: its ``start()`` throws.
    ///
    /// - Returns: False when connections had to be cut off because `shutdown_timeout` had passed.
    @discardableResult
    public func shutdown() async -> Bool {
        switch self.state {
        case .idle, .stopped:
            return true
        case .starting:
            self.state = .starting(isInterrupted: true)
            await withCheckedContinuation { self.startWaiters.append($0) }
            return true
        case .running(let running):
            self.state = .stopped
            return await self.stop(running, deadline: .now + self.configuration.shutdownTimeout)
        }
    }

    @discardableResult
    private func stop(_ running: Running, deadline: ContinuousClock.Instant) async -> Bool {
        let cutOff = await withTaskGroup(of: Int.self) { group in
            for server in running.servers { group.addTask { await server.shutdown(deadline: deadline) } }
            return await group.reduce(0, +)
        }
        if cutOff > 0 {
            running.logger.error("graceful shutdown timed out", metadata: ["connections": "\(cutOff)"])
        }
        running.freeSpaceTask?.cancel()
        running.certificateTask?.cancel()
        await running.gateway.shutdown(deadline: deadline)
        running.logger.info("Backend shutdown completed")
        try? await running.group.shutdownGracefully()
        running.pidFile?.remove()
        await running.logs.close()
        return cutOff == 0
    }

    // MARK: Parts

    private func makeBackend(logger: Logger) throws -> any Backend {
        if let backend = self.backend { return backend }
        let chain = try ProcessorChain(self.configuration.backend, registry: self.registry, logger: logger)
        if !chain.stores { logger.warning("\(DaemonCheck.discardsMail)") }
        return chain
    }

    /// - Returns: What sessions ask whether there is room to keep messages.
    private func watchFreeSpace(_ running: inout Running) -> StorageSpace {
        let space = StorageSpace()
        let directories = self.configuration.storeDirectories
        guard self.backend == nil, self.configuration.minimumFreeSpace > 0, !directories.isEmpty else { return space }
        let monitor = FreeSpaceMonitor(
            space: space,
            directories: directories,
            minimum: self.configuration.minimumFreeSpace,
            logger: running.logger
        )
        monitor.check()
        running.freeSpaceTask = monitor.start()
        return space
    }

    /// All but TLS.
    private func settings(for server: ServerConfiguration, running: Running) -> ServerSettings {
        let log = running.logs.log(of: server.listenInterface)
        var settings = ServerSettings(
            hostName: server.hostName,
            version: GuerrillaVersion.current,
            logger: log.logger
        )
        settings.messageLog = { log.write($0) }
        settings.limits.messageSize = server.maximumMessageSize
        settings.limits.recipients = server.maximumRecipients
        settings.limits.messages = server.maximumMessagesPerSession
        settings.limits.commandLine = server.maximumCommandLine
        settings.limits.dataOverrun = server.dataOverrun
        settings.limits.headerSize = server.maximumHeaderSize
        settings.limits.headerFields = server.maximumHeaderFields
        settings.limits.receivedHops = server.maximumReceivedHops
        settings.limits.refusesBareNewlines = server.refusesBareNewlines
        settings.limits.badCommands = server.maximumBadCommands
        settings.limits.idleCommands = server.maximumIdleCommands
        settings.maximumClients = server.maximumClients
        settings.maximumClientsPerAddress = server.maximumClientsPerAddress
        settings.connectionRatePerAddress = server.connectionRatePerAddress
        settings.limitExemptNetworks = server.limitExemptNetworks
        settings.greetingDelay = server.greetingDelay
        settings.commandTimeout = server.commandTimeout
        settings.dataTimeout = server.dataTimeout
        settings.messageTimeout = server.messageTimeout
        settings.minimumDataRate = server.minimumDataRate
        settings.sessionTimeout = server.sessionTimeout
        settings.isXCLIENTOn = server.isXCLIENTOn
        settings.isProxyOn = server.isProxyOn
        settings.proxyTimeout = server.proxyTimeout
        settings.trustedNetworks = server.trustedNetworks
        return settings
    }

    /// Without a host, on all addresses of both families where the system has both.
    private static func listen(_ server: SMTPServer, on interface: ServerConfiguration) async throws -> SocketAddress {
        if let host = interface.host { return try await server.listen(host: host, port: interface.port) }
        do {
            return try await server.listen(host: "::", port: interface.port)
        } catch let error as IOError where error.errnoCode == EAFNOSUPPORT {
            return try await server.listen(host: "0.0.0.0", port: interface.port)
        }
    }

    private static func reason(of error: any Error) -> String {
        // Without the names of C functions that the error's own description has.
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        return "\(error)"
    }
}

/// Why a daemon did not start: one sentence for its operator.
public struct DaemonError: Error, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    init(wrapping error: any Error) {
        self.description = (error as? DaemonError)?.description ?? "\(error)"
    }
}

extension SocketAddress {
    /// `127.0.0.1:2525`, `[::1]:2525`.
    public var hostAndPort: String {
        let host = self.ipAddress ?? self.pathname ?? "?"
        let port = self.port.map { ":\($0)" } ?? ""
        return host.contains(":") ? "[\(host)]\(port)" : "\(host)\(port)"
    }
}
