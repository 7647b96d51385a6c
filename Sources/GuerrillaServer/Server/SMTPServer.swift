import GuerrillaMail
import GuerrillaSMTP
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// One listener with its connections: what go-guerrilla calls a server.
public final class SMTPServer: Sendable {
    private struct State {
        var listener: Listener?
        var snapshot: SettingsSnapshot
        /// Those who wait for the last connection to end, each by a number of its own.
        var idleWaiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastIdleWaiter: UInt64 = 0
    }

    let resources: ServerResources
    private let state: Mutex<State>
    private let registries: [(eventLoop: any EventLoop, registry: NIOLoopBound<ConnectionRegistry>)]
    let limiter = Mutex(ClientLimiter())
    private let clients = Atomic<Int>(0)
    /// Connections, and verdicts owed to those who have gone.
    private let unfinished = Atomic<Int>(0)
    private let clientNumbers = Atomic<UInt64>(0)

    /// Creates a server that listens nowhere yet.
    ///
    /// Must not be called on an event loop.
    public init(settings: ServerSettings, resources: ServerResources) async throws {
        self.resources = resources
        self.state = Mutex(State(snapshot: SettingsSnapshot(settings)))
        var registries: [(eventLoop: any EventLoop, registry: NIOLoopBound<ConnectionRegistry>)] = []
        for loop in resources.eventLoopGroup.makeIterator() {
            let registry = try await loop.submit { NIOLoopBound(ConnectionRegistry(), eventLoop: loop) }.get()
            registries.append((loop, registry))
        }
        self.registries = registries
    }

    /// The settings for connections accepted from now on; those that are open keep theirs.
    public var settings: ServerSettings { self.snapshot.settings }

    /// Changes ``settings`` in one step.
    /// - Parameter change: Must not block, nor ask the server for anything.
    public func updateSettings(_ change: (inout ServerSettings) -> Void) {
        self.state.withLock { state in
            var settings = state.snapshot.settings
            change(&settings)
            state.snapshot = SettingsSnapshot(settings)
        }
    }

    var snapshot: SettingsSnapshot { self.state.withLock { $0.snapshot } }

    /// Connections that are open now.
    public var clientCount: Int { self.clients.load(ordering: .relaxed) }

    /// Accepts connections on a socket, which is closed with the server.
    /// - Throws: What the system says if that is not possible. The socket is closed then.
    public func listen(on socket: ListeningSocket) async throws {
        let listener = try await Listener(on: socket) {
            self.settings.logger
        } accept: {
            try await self.bootstrap().withBoundSocket($0).get()
        }
        self.state.withLock { $0.listener = listener }
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: self.resources.eventLoopGroup)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptErrorHandler { self.settings.logger })
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try self.addHandlers(to: channel)
                }
            }
            // QUIT and FIN may arrive while a verdict is pending: with the default its reply would be lost.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // What the peer does not take of our replies stays in memory; a burst of them must not make the channel full.
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 16_384, high: 32_768))
            // Fixed 16 KB buffers cost 19 KB per idle connection, these 4.5 KB.
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 4_096, initial: 4_096, maximum: 65_536)
            )
    }

    var listener: Listener? { self.state.withLock { $0.listener } }

    /// The socket listened on; nil before and after.
    public var listeningSocket: ListeningSocket? { self.listener?.socket }

    /// Accepts no more connections; those that are open go on.
    public func stopListening() async {
        guard let listener = self.state.withLock({ $0.listener.take() }) else { return }
        // What is accepted and not set up yet would be dropped without a word with swift-nio's channel. So: accept no more, and let
        // every loop do what it has been given, the listener's own at last.
        await listener.stopAccepting()
        for (eventLoop, _) in self.registries { try? await eventLoop.submit {}.get() }
        await listener.close()
    }

    /// Begins with what ``shutdown(deadline:)`` does, and waits for nothing: nobody is accepted any more, nobody who is idle stays. It
    /// needs no thread but those of the event loops.
    public func beginShutdown() {
        self.listener?.pauseAccepting()
        for (eventLoop, registry) in self.registries { eventLoop.execute { registry.value.shutDown() } }
    }

    /// Stops listening, lets messages in hand be finished, and sends everybody else away with 421.
    ///
    /// - Parameter deadline: When to cut off whoever is left.
    /// - Returns: How many connections were cut off.
    public func shutdown(deadline: ContinuousClock.Instant) async -> Int {
        await self.stopListening()
        for (eventLoop, registry) in self.registries {
            try? await eventLoop.submit { registry.value.shutDown() }.get()
        }
        await self.waitUntilIdle(deadline: deadline)
        guard !self.isIdle else { return 0 }
        var cutOff = 0
        for (eventLoop, registry) in self.registries {
            cutOff += (try? await eventLoop.submit { self.closeAll(in: registry.value) }.get()) ?? 0
        }
        return cutOff
    }

    private func closeAll(in registry: ConnectionRegistry) -> Int {
        for _ in 0..<registry.abandonVerdicts() { self.finished() }
        return registry.closeAll()
    }

    private var isIdle: Bool { self.unfinished.load(ordering: .relaxed) == 0 }

    /// Waits until the last connection has ended, with every verdict that is owed, or until the deadline.
    func waitUntilIdle(deadline: ContinuousClock.Instant) async {
        var timer: Task<Void, any Error>?
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let waiter = self.state.withLock { state in
                state.lastIdleWaiter += 1
                state.idleWaiters[state.lastIdleWaiter] = continuation
                return state.lastIdleWaiter
            }
            if self.isIdle { self.resumeIdleWaiters() }
            // Not before there is somebody to wake: the deadline may have passed already. Others have deadlines of their own.
            timer = Task {
                try await Task.sleep(until: deadline, clock: .continuous)
                self.state.withLock { $0.idleWaiters.removeValue(forKey: waiter) }?.resume()
            }
        }
        timer?.cancel()
    }

    private func resumeIdleWaiters() {
        let waiters = self.state.withLock { state in
            defer { state.idleWaiters = [:] }
            return state.idleWaiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    // MARK: Connections

    private func addHandlers(to channel: any Channel) throws {
        let connection = self.accept(channel)
        if connection.settings.connection.isProxyOn {
            let handler = ProxyProtocolHandler(server: self, connection: connection)
            try channel.pipeline.syncOperations.addHandler(handler)
        } else {
            try self.addSessionHandlers(for: connection, to: channel)
        }
    }

    /// Adds what speaks SMTP at the end of the pipeline: at once, or when a PROXY header has said who the client is.
    func addSessionHandlers(for connection: AcceptedConnection, to channel: any Channel) throws {
        let handler = SMTPServerHandler(server: self, connection: connection, eventLoop: channel.eventLoop)
        if let tls = connection.settings.tls, tls.isImplicit { try tls.provider.addHandler(to: channel) }
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    /// Counts the connection. Its first handler answers for ``connectionClosed(_:on:)``.
    private func accept(_ channel: any Channel) -> AcceptedConnection {
        let snapshot = self.snapshot
        let (_, count) = self.clients.wrappingAdd(1, ordering: .relaxed)
        self.unfinished.wrappingAdd(1, ordering: .relaxed)
        let (_, number) = self.clientNumbers.wrappingAdd(1, ordering: .relaxed)
        let remoteAddress = channel.remoteAddress
        let client = ClientInfo(
            address: remoteAddress?.ipAddressValue,
            port: remoteAddress?.port.flatMap { UInt16(exactly: $0) },
            serverName: snapshot.settings.hostName,
            clientNumber: number
        )
        return AcceptedConnection(snapshot: snapshot, client: client, clientCount: count)
    }

    func connectionOpened(_ handler: any ConnectionHandler, on eventLoop: any EventLoop) {
        self.registry(of: eventLoop)?.add(handler)
    }

    /// The connection goes on with another handler, which answers for it from now on.
    func connectionHandedOver(by handler: any ConnectionHandler, on eventLoop: any EventLoop) {
        self.registry(of: eventLoop)?.remove(handler)
    }

    func connectionClosed(_ handler: any ConnectionHandler, on eventLoop: any EventLoop) {
        self.registry(of: eventLoop)?.remove(handler)
        self.clients.wrappingSubtract(1, ordering: .relaxed)
        if handler.owesVerdict, let registry = self.registry(of: eventLoop) {
            registry.addVerdict(owedBy: handler)
        } else {
            self.finished()
        }
    }

    /// The verdict is there that the client has not waited for.
    func lateVerdictGiven(by handler: any ConnectionHandler, on eventLoop: any EventLoop) {
        if self.registry(of: eventLoop)?.removeVerdict(owedBy: handler) == true { self.finished() }
    }

    private func finished() {
        let (_, left) = self.unfinished.wrappingSubtract(1, ordering: .relaxed)
        if left == 0 { self.resumeIdleWaiters() }
    }

    private func registry(of eventLoop: any EventLoop) -> ConnectionRegistry? {
        self.registries.first { $0.eventLoop === eventLoop }?.registry.value
    }
}
