public import GuerrillaBackend
public import GuerrillaMail
public import GuerrillaServer
public import Logging
public import NIOCore

/// A mail receiver: its servers, the backend behind them and its log.
///
/// ```swift
/// let daemon = Daemon()
/// try await daemon.start()  // 127.0.0.1:2525, mail for this host; see DaemonConfiguration
/// …
/// await daemon.shutdown()
/// ```
///
/// A daemon that runs goes on listening until it is shut down, also when nobody holds it any more: keep it, and ``shutdown()`` it. It
/// handles no signals.
///
/// Two daemons in one process know nothing of each other. What is asked of one while it is still at something else waits for that.
public actor Daemon {
    /// A server that accepts connections.
    public struct Listener: Sendable {
        /// `listen_interface` as configured.
        public let interface: String
        /// The address listened on, with the port that the system chose if none was asked for.
        public let address: SocketAddress
        /// What it listens on, to be handed to a successor. It stays the daemon's: closing it takes it away from successors only.
        public let socket: ListeningSocket
    }

    private enum State {
        case idle
        case starting
        case running(RunningDaemon)
        case stopping
    }

    private var state = State.idle
    private var wanted: DaemonConfiguration
    private var registry: ProcessorRegistry
    private let backend: (any Backend)?
    private let hook: MessageHook?
    private var applicationLogger: Logger?
    /// Gives up a start, or a reload, for a shutdown.
    private var interruption = Interruption()
    private var predecessor: Int?
    private let turns = Turns()
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []
    nonisolated let bus = EventBus()
    private nonisolated let serverList = ServerList()
    /// What is missing in the logs of the last time, a sentence for each log.
    package private(set) var missingInLogs: [String] = []

    /// Creates a daemon that does nothing yet.
    /// - Parameters:
    ///   - configuration: What to do. The default is go-guerrilla's: one server on 127.0.0.1:2525, mail for this host's name, and nothing
    ///     is stored.
    ///   - registry: The processors that chains may name.
    ///   - backend: A backend of the application's own, in the place of the configured chains.
    public init(
        configuration: DaemonConfiguration = DaemonConfiguration(),
        registry: ProcessorRegistry = .standard,
        backend: (any Backend)? = nil
    ) {
        self.wanted = configuration
        self.registry = registry
        self.backend = backend
        self.hook = nil
    }

    /// Creates a daemon that hands every message to the application: the simplest way to receive mail.
    ///
    /// ```swift
    /// let daemon = Daemon { envelope in print(envelope.subject ?? "no subject") }
    /// try await daemon.run()
    /// ```
    ///
    /// The function comes behind the chain of `save_process`, whose stores have committed by then. When it throws, the client will send the
    /// message again, and the stores will have kept each try: name no store there if the function is one.
    ///
    /// It runs where any task of the application would, not on the connection's event loop, and may block its thread for a while. What it
    /// must not do is `await` the daemon's ``shutdown()``, which waits for the messages in hand; `Task { await daemon.shutdown() }` is fine.
    /// A message takes memory (``DaemonConfiguration/maximumMessageMemory``) as long as any copy of its envelope is kept: what is to stay
    /// belongs into a file, a database, or into values of your own.
    ///
    /// - Parameters:
    ///   - configuration: What to do. The messages have gone through its `save_process` first.
    ///   - registry: The processors that chains may name.
    ///   - onMessage: Takes a message; may be called for several at once. The client gets its 250 when it returns. When it throws, the client
    ///     is told to try again, or what the error says if it is ``GuerrillaSMTP/SMTPReplyConvertible``. It is cancelled when
    ///     ``BackendConfiguration/saveTimeout`` is over.
    public init(
        configuration: DaemonConfiguration = DaemonConfiguration(),
        registry: ProcessorRegistry = .standard,
        onMessage: @escaping @Sendable (Envelope) async throws -> Void
    ) {
        self.wanted = configuration
        self.registry = registry
        self.backend = nil
        self.hook = MessageHook(handler: onMessage)
    }

    /// What the daemon runs on, or would.
    public var configuration: DaemonConfiguration {
        self.running?.configuration ?? self.wanted
    }

    /// The servers that accept connections now, in the order of the configuration.
    public var listeners: [Listener] { self.running?.listeners ?? [] }

    /// The daemon's log; discards everything when the daemon is not running.
    public var logger: Logger {
        self.running?.logger ?? Logger(label: "guerrilla") { _ in SwiftLogNoOpLogHandler() }
    }

    private var running: RunningDaemon? {
        if case .running(let running) = self.state { running } else { nil }
    }

    // MARK: Start and end

    /// Starts backend and servers, and returns when they accept connections.
    ///
    /// The configuration is checked first: numbers and durations have to be what a file may say, durations also less than that. This
    /// process's limit of open files is raised as far as it may be.
    ///
    /// - Parameter sockets: Sockets that listen already, from whoever started this process. A server takes the one that was meant for
    ///   it, or that has its address; those left over are closed.
    /// - Returns: The listeners, in the order of the configuration.
    /// - Throws: ``DaemonError`` in one sentence. Nothing is left half-started then.
    @discardableResult
    public func start(on sockets: [ListeningSocket] = []) async throws -> [Listener] {
        try await self.turns.take {
            guard case .idle = self.state else { throw DaemonError("the daemon is running already") }
            self.state = .starting
            self.interruption = Interruption()
            do {
                try self.wanted.check(self.registry)
                let running = try RunningDaemon(
                    self.wanted,
                    backend: self.backend,
                    hook: self.hook,
                    events: self.bus,
                    logger: self.applicationLogger,
                    predecessor: self.predecessor,
                    serverList: self.serverList
                )
                do {
                    try await running.apply(
                        self.wanted,
                        registry: self.registry,
                        offered: sockets,
                        interruption: self.interruption
                    )
                } catch {
                    _ = await running.stop(deadline: .now + .seconds(5))
                    self.missingInLogs = running.missingInLogs
                    throw error
                }
                // It may have been set while everything else was opened.
                running.logs.setLogger(self.applicationLogger)
                self.state = .running(running)
                return running.listeners
            } catch {
                self.state = .idle
                throw DaemonError(wrapping: error)
            }
        }
    }

    /// Stops accepting, lets messages in hand be finished, and closes everything. Afterwards the daemon can be started again.
    ///
    /// A daemon that is just starting, or reloading, gives that up: ``start(on:)`` or ``reloadConfig(_:)`` throws.
    ///
    /// - Returns: False when connections had to be cut off because `shutdown_timeout` had passed.
    @discardableResult
    public func shutdown() async -> Bool {
        self.interruption.interrupt()
        return await self.turns.take {
            defer { self.bus.finishSequences() }
            guard case .running(let running) = self.state else { return true }
            self.state = .stopping
            let cutOff = await running.stop(deadline: .now + running.configuration.shutdownTimeout)
            self.missingInLogs = running.missingInLogs
            self.serverList.set([])
            self.state = .idle
            for waiter in self.stopWaiters { waiter.resume() }
            self.stopWaiters = []
            return cutOff == 0
        }
    }

    /// Begins with ``shutdown()``, which has to follow: accepts no more clients, sends idle clients away. Waits for nothing, not even for a
    /// thread.
    package nonisolated func beginShutdown() {
        self.serverList.beginShutdown()
    }

    /// Returns when the daemon does not run, or no longer: when its shutdown is complete.
    func waitUntilStopped() async {
        await withCheckedContinuation { continuation in
            switch self.state {
            case .running, .stopping: self.stopWaiters.append(continuation)
            case .idle, .starting: continuation.resume()
            }
        }
    }

    // MARK: Processors

    /// Makes a processor known under its name, or puts it in the place of the one of that name. Chains that exist stay as they are: call
    /// this before ``start(on:)``, or before a reload that names it.
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

    // MARK: Reload

    /// Runs on another configuration from now on.
    ///
    /// It is looked at whole first, and everything it needs is opened beside what is in use: certificates, log files, sockets, the new
    /// backend. If any of that fails, everything stays as it was. Otherwise all of it is put in force. Connections that are open keep the
    /// limits they began with, messages in hand go to the backend they began with, and servers that are no longer wanted finish what they
    /// have. Certificates are read again, changed or not. At last ``DaemonEvent``s tell what has changed.
    ///
    /// `event_loops` counts when the daemon is started again; a line in the log says so.
    ///
    /// - Throws: ``DaemonError`` in one sentence.
    public func reloadConfig(_ configuration: DaemonConfiguration) async throws {
        try await self.turns.take {
            guard case .running(let running) = self.state else { throw DaemonError("the daemon is not running") }
            do {
                try configuration.check(self.registry)
                try await running.apply(configuration, registry: self.registry, interruption: self.interruption)
                self.wanted = configuration
                running.logger.info("Configuration was reloaded")
            } catch {
                let error = DaemonError(wrapping: error)
                running.logger.error("Could not reload config: \(error); the old one stays in force")
                throw error
            }
        }
    }

    /// Reads a file and runs on what it says from now on, as ``reloadConfig(_:)`` does.
    ///
    /// - Parameters:
    ///   - path: The file, JSON.
    ///   - environment: Variables that go before the file, see ``ConfigurationLoader/environment``.
    /// - Returns: What is worth knowing about the file, one sentence each; it is in the log, too.
    /// - Throws: ``DaemonError`` that names everything that is wrong with the file, or what else prevents the change.
    @discardableResult
    public func reloadConfigFile(_ path: String, environment: [String: String] = [:]) async throws -> [String] {
        let loader = ConfigurationLoader(table: ConfigurationTable(registry: self.registry), environment: environment)
        let report = loader.load(from: .file(path))
        try await self.reloadConfig(report)
        return report.warnings.map(\.description)
    }

    /// Runs on what a file says, as ``reloadConfigFile(_:environment:)`` does.
    package func reloadConfig(_ report: ConfigurationReport) async throws {
        guard let configuration = report.configuration else {
            let error = DaemonError(report.problems.map(\.description).joined(separator: "; "))
            self.logger.error("Could not reload config: \(error); the old one stays in force")
            throw error
        }
        for warning in report.warnings { self.logger.warning("\(warning)") }
        try await self.reloadConfig(configuration)
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
        await self.turns.take { await self.running?.reloadCertificates() ?? false }
    }

    // MARK: Log and process id

    /// Closes the log files and opens them again, after somebody has moved them away.
    ///
    /// - Returns: Whether all could be opened; what cannot be opened is written on as it is, and says so.
    @discardableResult
    public func reopenLogs() async -> Bool {
        // After a start, but not in a turn of its own: a log that hangs must not hold up the reload that puts another in its place.
        if self.running == nil { await self.turns.take {} }
        guard let running = self.running else { return false }
        let failures = await running.logs.reopen()
        self.bus.publish(.logReopen(running.configuration))
        for server in running.configuration.servers { self.bus.publish(.serverLogReopen(server)) }
        return failures.isEmpty
    }

    /// Sends the daemon's log to a logger of the application's, in the place of `log_file`; nil ends that. It gets what `log_level` lets
    /// through. The file is opened all the same, unless it is `off`.
    public func setLogger(_ logger: Logger?) {
        self.applicationLogger = logger
        self.running?.logs.setLogger(logger)
    }

    /// Writes the process id to a file from now on, in the place of `pid_file`. The former one is removed. Of a daemon that does not run yet
    /// the start writes it. It is the configuration's ``DaemonConfiguration/pidFile`` from then on: a reload on another configuration
    /// goes by what stands there, and removes the file if that is nil.
    ///
    /// - Throws: ``DaemonError`` that names the file and the reason.
    public func writePIDFile(to path: String) async throws {
        try await self.turns.take {
            try self.running?.writePIDFile(to: path)
            self.wanted.pidFile = path
        }
    }

    /// Names the process whose place this daemon takes: the pid file may be taken from it.
    package func takeOver(from predecessor: Int) {
        self.predecessor = predecessor
    }

    /// Writes the pid file again, if a successor that has failed had written it.
    package func restorePIDFile() async {
        await self.turns.take { self.running?.restorePIDFile() }
    }

    // MARK: Events

    /// Calls a handler at each event of one topic from now on, until ``unsubscribe(_:)``. May be called before ``start(on:)``, and outlives a
    /// ``shutdown()``.
    ///
    /// Handlers are called one after the other, in the order of their subscription, on no particular thread; the daemon waits for them.
    /// No two run at once, nor one for two events. What is published meanwhile, by a handler or elsewhere, is told when all have heard
    /// the event before.
    @discardableResult
    nonisolated public func subscribe(
        to topic: DaemonEvent.Topic,
        _ handler: @escaping @Sendable (DaemonEvent) -> Void
    ) -> DaemonSubscription {
        self.bus.subscribe(to: topic, handler: handler)
    }

    /// Calls a handler no more.
    nonisolated public func unsubscribe(_ subscription: DaemonSubscription) {
        self.bus.unsubscribe(subscription)
    }

    /// Tells an event to all subscribers. Nothing else comes of it: the daemon itself subscribes to nothing.
    nonisolated public func publish(_ event: DaemonEvent) {
        self.bus.publish(event)
    }

    /// All events from now on, until the daemon is shut down; asked for after that, until it was started and shut down again. Of events that
    /// nobody takes out the newest 1,000 are kept.
    nonisolated public var events: AsyncStream<DaemonEvent> {
        self.bus.events(capacity: 1_000)
    }
}

extension SocketAddress {
    /// `127.0.0.1:2525`, `[::1]:2525`.
    public var hostAndPort: String {
        HostAndPort(host: self.ipAddress ?? self.pathname ?? "?", port: self.port).description
    }
}
