import GuerrillaBackend
import GuerrillaMail
import GuerrillaServer
import Logging
import NIOCore
import NIOPosix

/// Everything that a started daemon has. ``Daemon`` lets one thing happen here at a time.
///
/// Starting and reloading are the same: whatever can fail is opened beside what is in use (``prepare(_:offered:)``), and only
/// when nothing is left that can, all of it is put in force (``adopt(_:)``).
final class RunningDaemon {
    private(set) var configuration: DaemonConfiguration
    let logs: Logs
    let logger: Logger
    private(set) var servers: [RunningServer] = [] {
        didSet { self.serverList.set(self.servers) }
    }

    private let ownBackend: (any Backend)?
    private let hook: MessageHook?
    private let events: EventBus
    private let group: MultiThreadedEventLoopGroup
    private let gateway = Gateway()
    private let resources: ServerResources
    private let certificates: CertificateReloader
    private var certificateTask: Task<Void, Never>?
    private var freeSpaceTask: Task<Void, Never>?
    private var pidFile: PIDFile?
    /// The process whose place this one takes; the pid file may be taken from it.
    private let predecessor: Int?
    private var isStarted = false
    /// What was replaced and has not come to its end yet.
    private var endings: [Ending] = []
    private let serverList: ServerList
    /// What is missing in logs that are closed by now, a sentence for each.
    private(set) var missingInLogs: [String] = []

    /// Opens the log, and nothing else yet.
    init(
        _ configuration: DaemonConfiguration,
        backend ownBackend: (any Backend)?,
        hook: MessageHook?,
        events: EventBus,
        logger: Logger?,
        predecessor: Int?,
        serverList: ServerList
    ) throws {
        // First: what is made below has no way to say that it cannot be had.
        try OpenFileLimit.raise(
            forClients: configuration.enabledServers.map(\.connection.maximumClients),
            eventLoops: configuration.eventLoopCount
        )
        if let problem = ThreadLimit.problem(starting: configuration.threads) { throw DaemonError(problem) }
        // It is used in the middle of messages, and made when it is used first.
        _ = NIOThreadPool.singleton
        self.configuration = configuration
        self.ownBackend = ownBackend
        self.hook = hook
        self.events = events
        self.predecessor = predecessor
        self.serverList = serverList
        self.logs = try Logs(configuration.logSettings)
        if let logger { self.logs.setLogger(logger) }
        self.logger = self.logs.main.logger
        self.certificates = CertificateReloader(logger: self.logger)
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoopCount)
        self.resources = ServerResources(
            eventLoopGroup: self.group,
            memoryBudget: MemoryBudget(limit: configuration.messageMemory),
            gateway: self.gateway,
            allowedHosts: AllowedHosts(configuration.allowedHosts)
        )
    }

    /// The sockets listened on, and for whom.
    var listeners: [Daemon.Listener] {
        self.servers.map {
            Daemon.Listener(
                interface: $0.configuration.listenInterface.description,
                address: $0.socket.address,
                socket: $0.socket
            )
        }
    }

    /// Runs on another configuration, or on the first one.
    ///
    /// - Parameters:
    ///   - offered: Sockets that listen already.
    ///   - interruption: Gives it up as long as nothing is in force.
    /// - Throws: What prevents it. Then everything is as it was.
    func apply(
        _ new: DaemonConfiguration,
        registry: ProcessorRegistry,
        offered: [ListeningSocket] = [],
        interruption: Interruption
    ) async throws {
        self.endings.removeAll(where: \.isOver)
        let diff = ConfigurationDiff(from: self.isStarted ? self.configuration : new.withoutServers, to: new)
        var change = Change(diff, registry)
        do {
            try self.prepare(&change, offered: offered)
            // First: of two that start at once with the same files only one may touch them.
            if change.diff.old.pidFile != new.pidFile || !self.isStarted, let path = new.pidFile {
                change.pidFile = try self.makePIDFile(path)
            }
            if let backend = change.backend { try await self.start(backend, interruption) }
            guard !interruption.isInterrupted, !Task.isCancelled else {
                await change.backend?.shutdown(deadline: .now + .seconds(5))
                throw self.givenUp
            }
        } catch {
            change.discard()
            throw error
        }
        try await self.adopt(change)
    }

    /// Starts a backend, for no longer than somebody wants that.
    private func start(_ backend: any Backend, _ interruption: Interruption) async throws {
        let starting = Task { try await backend.start() }
        if await interruption.wait(for: starting) { return try await starting.value }
        starting.cancel()
        // It may come up yet.
        Task { if (try? await starting.value) != nil { await backend.shutdown(deadline: .now + .seconds(5)) } }
        throw self.givenUp
    }

    private var givenUp: DaemonError {
        DaemonError(self.isStarted ? "the daemon is being shut down" : "the daemon was shut down while it started")
    }

    /// Reads certificates again that nothing else has read.
    func reloadCertificates(except fresh: Set<CertificateReloader.Watch> = []) async -> Bool {
        await self.certificates.reload(except: fresh)
    }

    /// Writes the process id to another file, and removes the former one.
    func writePIDFile(to path: String) throws {
        guard path != self.configuration.pidFile || self.pidFile == nil else { return }
        let written = try self.makePIDFile(path)
        self.pidFile?.remove()
        self.pidFile = written
        self.configuration.pidFile = path
        self.tellOfPIDFile()
    }

    /// Writes the process id again where somebody else has taken the file, and has gone.
    func restorePIDFile() {
        guard let former = self.pidFile, !former.isInPlace else { return }
        do {
            self.pidFile = try PIDFile(writingTo: former.path)
        } catch {
            self.logger.error("\(error)")
        }
    }

    /// Stops accepting, lets messages in hand be finished, and closes everything.
    /// - Returns: How many connections had to be cut off at the deadline.
    func stop(deadline: ContinuousClock.Instant) async -> Int {
        self.endings.removeAll(where: \.isOver)
        for server in self.servers {
            self.logger.info("Server [\(server.identifier)] has stopped accepting new clients")
        }
        let cutOff = await withTaskGroup(of: Int.self) { group in
            for server in self.servers + self.endings.compactMap(\.server) {
                group.addTask { [logger = self.logger] in
                    let cutOff = await server.shutdown(deadline: deadline)
                    logger.info("shutdown completed for [\(server.identifier)]")
                    return cutOff
                }
            }
            return await group.reduce(0, +)
        }
        if cutOff > 0 {
            self.logger.error("graceful shutdown timed out", metadata: ["connections": "\(cutOff)"])
        }
        self.freeSpaceTask?.cancel()
        self.certificateTask?.cancel()
        await self.gateway.shutdown(deadline: deadline)
        for ending in self.endings { await ending.wait() }
        if self.isStarted { self.logger.info("Backend shutdown completed") }
        self.resources.shutdown()
        try? await self.group.shutdownGracefully()
        self.pidFile?.remove()
        // It tells of what it has replaced: nobody is to hear of anything when this is over. Last, as its files may be slow.
        await self.certificateTask?.value
        if self.isStarted { self.logger.info("Shutdown completed, exiting.") }
        self.missingInLogs = await self.logs.close()
        return cutOff
    }

    // MARK: Preparing

    /// What has been opened for another configuration and is not in use yet.
    private struct Change {
        struct Start {
            let identifier: ServerIdentifier
            let configuration: ServerConfiguration
            let socket: ListeningSocket
        }

        let diff: ConfigurationDiff
        let registry: ProcessorRegistry
        var logs: Logs.Change?
        var certificates: [ServerIdentifier: CertificateReloader.Reading] = [:]
        var starts: [Start] = []
        var backend: (any Backend)?
        var pidFile: PIDFile?
        /// What the log is to say when it is put in force.
        var warnings: [String] = []

        init(_ diff: ConfigurationDiff, _ registry: ProcessorRegistry) {
            self.diff = diff
            self.registry = registry
        }

        func discard() {
            for start in self.starts { start.socket.close() }
            self.pidFile?.remove()
        }
    }

    private func prepare(_ change: inout Change, offered: [ListeningSocket]) throws {
        let new = change.diff.new
        try OpenFileLimit.raise(
            forClients: new.enabledServers.map(\.connection.maximumClients),
            eventLoops: self.configuration.eventLoopCount
        )
        if self.isStarted {
            if let problem = OpenFileLimit.problem(opening: 16) { throw DaemonError(problem) }
            if let problem = ThreadLimit.problem(starting: new.threadsOfAReload) { throw DaemonError(problem) }
        }
        change.logs = try self.logs.prepare(new.logSettings)
        // Certificates and chains are looked at before a port is taken: nobody connects to what does not start.
        for server in change.diff.servers {
            guard let configuration = server.new, configuration.isEnabled, configuration.tls.isOn,
                self.isToStart(server) || server.old?.tls != configuration.tls
            else { continue }
            change.certificates[server.identifier] = try self.certificates.read(
                configuration.tls,
                for: configuration.listenInterface
            )
        }
        if !self.isStarted || change.diff.old.backend != new.backend {
            if let ownBackend {
                change.backend = self.isStarted ? nil : ownBackend
            } else {
                change.backend = try ProcessorChain(
                    new.backend,
                    hook: self.hook,
                    registry: change.registry,
                    logger: self.logger
                )
            }
        }
        try self.prepareSockets(&change, offered: offered)
    }

    private func isToStart(_ server: ConfigurationDiff.Server) -> Bool {
        server.new?.isEnabled == true && !self.servers.contains { $0.identifier == server.identifier }
    }

    private func prepareSockets(_ change: inout Change, offered: [ListeningSocket]) throws {
        var offered = offered
        let stopping = self.servers.filter { server in
            change.diff.servers.contains { $0.identifier == server.identifier && $0.stops }
        }
        for server in change.diff.servers where self.isToStart(server) {
            guard let configuration = server.new else { continue }
            let interface = configuration.listenInterface
            do {
                let socket: ListeningSocket
                if let index = offered.firstIndex(where: { $0.fits(interface) }) {
                    socket = offered.remove(at: index)
                } else {
                    let place = try interface.place(keepsToItsFamily: change.diff.new.keepsToItsFamily(interface))
                    // The system would say no more than that it is in use; and two that take over one address would share it.
                    if let other = self.rival(of: place, in: change) {
                        throw DaemonError("\(other) of another server is on that address, too")
                    }
                    socket = try ListeningSocket(
                        place,
                        name: interface.description,
                        sharingWith: stopping.map(\.socket)
                    )
                }
                change.starts.append(
                    Change.Start(identifier: server.identifier, configuration: configuration, socket: socket)
                )
            } catch {
                throw DaemonError(interface, error)
            }
        }
        for server in change.diff.servers where server.goesOn && self.isStarted {
            guard let interface = server.new?.listenInterface else { continue }
            let keeps = change.diff.new.keepsToItsFamily(interface)
            guard keeps != change.diff.old.keepsToItsFamily(interface) else { continue }
            change.warnings.append(
                "listen_interface: \(interface) goes on with the families that it had, until the daemon is started again"
            )
        }
        for socket in offered {
            self.logger.warning("no server listens on \(socket.address.hostAndPort): its socket is closed")
            socket.close()
        }
    }

    /// A server that goes on, or starts as well, with an address of that place.
    private func rival(of place: ListenPlace, in change: Change) -> ServerIdentifier? {
        let goingOn = self.servers.filter { server in
            !change.diff.servers.contains { $0.identifier == server.identifier && $0.stops }
        }
        return change.starts.first { $0.socket.place.overlaps(place) }?.identifier
            ?? goingOn.first { $0.socket.place.overlaps(place) }?.identifier
    }

    // MARK: Adopting

    /// Puts everything in force. Only the system itself can prevent that, when it cannot even look after a socket.
    private func adopt(_ change: Change) async throws {
        let diff = change.diff
        let isReload = self.isStarted
        self.configuration = diff.new
        if isReload {
            // What is in force: the next reload speaks of it again.
            self.configuration.eventLoops = diff.old.eventLoops
            self.configuration.user = diff.old.user
            self.configuration.group = diff.old.group
        }
        self.isStarted = true
        if let logs = change.logs { self.logs.adopt(logs) }
        self.resources.memoryBudget.limit = diff.new.messageMemory
        if !isReload || diff.old.allowedHosts != diff.new.allowedHosts { self.adoptAllowedHosts(isReload: isReload) }
        if let backend = change.backend { self.install(backend, isReload: isReload) }
        if !isReload || diff.old.pidFile != diff.new.pidFile {
            self.pidFile?.remove()
            self.pidFile = change.pidFile
            self.tellOfPIDFile()
        }
        // Before anybody can connect: the first message needs the room, too.
        self.watchFreeSpace(former: isReload ? diff.old : nil, change.registry)
        try await self.adoptServers(change, isReload: isReload)
        if !isReload || diff.old.certificateCheckInterval != diff.new.certificateCheckInterval {
            self.certificateTask?.cancel()
            let interval = diff.new.certificateCheckInterval
            self.certificateTask = interval > .zero ? self.certificates.start(every: interval) : nil
        }
        if !isReload { self.logger.info("main log configured to \(diff.new.logFile)") }
        // The last word about a start: whoever waits for it finds everything there.
        for start in change.starts where self.servers.contains(where: { $0.identifier == start.identifier }) {
            self.logger.info("Listening on TCP \(start.socket.address.hostAndPort)")
        }
        guard isReload else { return }
        for warning in change.warnings { self.logger.warning("\(warning)") }
        for key in diff.keysThatNeedRestart {
            self.logger.warning("\(key) has changed: that needs a restart, the daemon goes on with the former value")
        }
        if self.ownBackend != nil, diff.old.backend != diff.new.backend {
            self.logger.warning("backend_config has changed: the application's own backend takes no notice of it")
        }
        for event in diff.events { self.events.publish(event) }
        // What has changed in the files of the others.
        let fresh = self.servers.filter { change.certificates[$0.identifier] != nil }.compactMap(\.watch)
        _ = await self.reloadCertificates(except: Set(fresh))
    }

    private func adoptServers(_ change: Change, isReload: Bool) async throws {
        // Beside those that stop, so that nobody is refused meanwhile. What fails here fails again below.
        for start in change.starts { try? start.socket.beginListening() }
        for server in change.diff.servers {
            guard let running = self.servers.first(where: { $0.identifier == server.identifier }) else { continue }
            if server.goesOn, let configuration = server.new {
                let reading = change.certificates[server.identifier]
                // At first: the former files may be read again at this very moment, and must not be adopted after the new ones.
                if reading != nil || !configuration.tls.isOn { self.forgetCertificates(of: running) }
                let log = self.logs.log(of: configuration.listenInterface)
                running.adopt(configuration, tls: reading?.offer, log: log)
                if server.old?.logFile != configuration.logFile {
                    let destination = configuration.logFile ?? change.diff.new.logFile
                    log.logger.info("Server [\(running.identifier)] changed, new clients will log to: [\(destination)]")
                }
                if let reading { self.watch(reading, of: running) }
                if server.old != configuration {
                    self.logger.info("server \(running.identifier) config change event, a new config has been saved")
                }
            } else if server.stops {
                // Before another takes over its socket: two must not accept from one.
                await running.stopListening()
                self.end(running, isRemoved: server.new == nil)
            }
        }
        for start in change.starts {
            let reading = change.certificates[start.identifier]
            let server: RunningServer
            do {
                server = try await RunningServer(
                    start.identifier,
                    start.configuration,
                    tls: reading?.offer,
                    log: self.logs.log(of: start.configuration.listenInterface),
                    resources: self.resources,
                    socket: start.socket
                )
            } catch {
                let problem = DaemonError(start.configuration.listenInterface, error)
                guard isReload else { throw problem }
                self.logger.error("\(problem)")
                continue
            }
            self.servers.append(server)
            if let reading { self.watch(reading, of: server) }
            if isReload { self.logger.info("New server added [\(start.identifier)]") }
        }
        let order = change.diff.servers.map(\.identifier)
        self.servers.sort { order.firstIndex(of: $0.identifier) ?? 0 < order.firstIndex(of: $1.identifier) ?? 0 }
    }

    private func watch(_ reading: CertificateReloader.Reading, of server: RunningServer) {
        server.watch = self.certificates.watch(
            reading,
            replaced: { [events, server] in events.publish(.serverTLSConfig(server.configuration)) },
            adopt: { [server] offer in server.adopt(offer) }
        )
    }

    private func forgetCertificates(of server: RunningServer) {
        if let watch = server.watch { self.certificates.forget(watch) }
        server.watch = nil
    }

    /// Lets a server finish what it has in hand; nobody waits for that but ``stop(deadline:)``.
    private func end(_ server: RunningServer, isRemoved: Bool) {
        self.servers.removeAll { $0 === server }
        self.forgetCertificates(of: server)
        let deadline = ContinuousClock.now + self.configuration.shutdownTimeout
        let logger = self.logger
        logger.info(
            isRemoved
                ? "Server [\(server.identifier)] removed from config, stopped it."
                : "Server [\(server.identifier)] has stopped accepting new clients"
        )
        self.endings.append(
            Ending(of: server) {
                let cutOff = await server.shutdown(deadline: deadline)
                guard cutOff > 0 else { return }
                logger.error(
                    "graceful shutdown timed out",
                    metadata: ["server": "\(server.identifier)", "connections": "\(cutOff)"]
                )
            }
        )
    }

    private func install(_ backend: any Backend, isReload: Bool) {
        let settings = self.configuration.backend
        let ending = self.gateway.install(
            backend,
            timeouts: Gateway.Timeouts(save: settings.saveTimeout, validate: settings.validateTimeout),
            recipientCacheLifetime: settings.recipientCacheLifetime
        )
        if let ending { self.endings.append(Ending { await ending.value }) }
        if isReload { self.logger.info("new backend started") }
        if let chain = backend as? ProcessorChain, !chain.stores {
            self.logger.warning("\(DaemonCheck.discardsMail)")
        }
    }

    private func adoptAllowedHosts(isReload: Bool) {
        let hosts = AllowedHosts(self.configuration.allowedHosts)
        self.resources.allowedHosts = hosts
        if isReload { self.logger.info("allowed_hosts config changed, a new list was set") }
        for problem in hosts.problems { self.logger.warning("allowed_hosts: \(problem)") }
    }

    private func makePIDFile(_ path: String) throws -> PIDFile {
        let file = try PIDFile(writingTo: path, predecessor: self.predecessor)
        if let leftover = file.leftover {
            self.logger.warning("pid_file (\(path)) was left behind by pid \(leftover), which has gone: replaced")
        }
        return file
    }

    private func tellOfPIDFile() {
        guard self.pidFile != nil, let path = self.configuration.pidFile else { return }
        self.logger.info("pid_file (\(path)) written with pid:\(PIDFile.processID)")
    }

    /// Looks after the room where the chain keeps messages, if that or the limit is another than before.
    private func watchFreeSpace(former: DaemonConfiguration?, _ registry: ProcessorRegistry) {
        let minimum = self.configuration.minimumFreeSpace
        if let former, former.minimumFreeSpace == minimum, former.backend == self.configuration.backend { return }
        self.freeSpaceTask?.cancel()
        self.freeSpaceTask = nil
        let directories = self.configuration.backend.storeDirectories(registry)
        guard self.ownBackend == nil, minimum > 0, !directories.isEmpty else {
            self.resources.storageSpace.isLow = false
            return
        }
        let monitor = FreeSpaceMonitor(
            space: self.resources.storageSpace,
            directories: directories,
            minimum: minimum,
            logger: self.logger
        )
        monitor.check()
        self.freeSpaceTask = monitor.start()
    }
}

extension DaemonConfiguration {
    /// What `max_message_memory` says, or means by default.
    fileprivate var messageMemory: Int { self.maximumMessageMemory ?? PhysicalMemory.octets / 4 }

    fileprivate var withoutServers: DaemonConfiguration {
        var configuration = self
        configuration.servers = []
        return configuration
    }
}
