import GuerrillaBackend
import NIOCore
import NIOPosix

/// One server and the connection to it, which is made again whenever it has ended.
///
/// Runs on the event loop of the connection.
actor RedisNode {
    nonisolated let endpoint: RedisEndpoint
    private nonisolated let loop: any EventLoop
    private let settings: RedisSettings
    private let tls: RedisTLS?
    private let log: RedisStateLog

    private var channel: (any Channel)?
    private var connecting: Task<Void, Never>?
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var backOff = BackOff()
    private var lastError = RedisError.notOpen
    private var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.executor.asUnownedSerialExecutor() }

    init(_ endpoint: RedisEndpoint, on loop: any EventLoop, settings: RedisSettings, tls: RedisTLS?, log: RedisStateLog)
    {
        self.endpoint = endpoint
        self.loop = loop
        self.settings = settings
        self.tls = tls
        self.log = log
    }

    /// Whether a connection is there.
    var isConnected: Bool { self.channel != nil }

    /// Sends commands and waits for their replies. When the server is known to be away, fails at once.
    func run(_ commands: RESPWriter) async -> RedisPipeline.Outcome {
        if self.channel == nil { await self.connect() }
        guard let channel else { return RedisPipeline.Outcome(error: self.lastError) }
        let outcome = await channel.run(commands, deadline: .now() + TimeAmount(self.settings.timeout))
        if let error = outcome.error {
            self.failed(error)
            self.drop(channel)
        } else if let code = outcome.replies.lazy.compactMap(\.codeOfUselessConnection).first {
            self.failed(.refused(code: code))
            self.drop(channel)
        } else {
            self.backOff.worked()
        }
        return outcome
    }

    /// Closes the connection and makes no other.
    func shutdown() {
        self.isClosed = true
        self.connecting?.cancel()
        self.lastError = .notOpen
        if let channel { self.drop(channel) }
        self.wakeWaiters()
        self.log.forget(self.endpoint)
    }

    // MARK: Connection

    private func connect() async {
        guard !self.isClosed else { return }
        self.startConnecting()
        guard self.backOff.isWorthWaiting else { return }
        await withCheckedContinuation { self.waiters.append($0) }
    }

    private func startConnecting() {
        guard self.connecting == nil, !self.isClosed else { return }
        self.connecting = Task { await self.keepConnecting() }
    }

    private func keepConnecting() async {
        while !self.isClosed, self.channel == nil {
            try? await Task.sleep(for: self.backOff.delay)
            guard !self.isClosed else { break }
            do throws(RedisError) {
                let channel = try await self.open()
                guard !self.isClosed else {
                    channel.close(promise: nil)
                    break
                }
                self.channel = channel
                self.log.connected(self.endpoint)
                channel.closeFuture.whenComplete { _ in self.assumeIsolated { $0.hasEnded(channel) } }
            } catch {
                self.failed(error)
            }
            self.wakeWaiters()
        }
        self.connecting = nil
        self.wakeWaiters()
    }

    private func open() async throws(RedisError) -> any Channel {
        let endpoint = self.endpoint
        let tls = self.tls
        let bootstrap = ClientBootstrap(group: self.loop)
            .connectTimeout(TimeAmount(self.settings.timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if case .tcp(let host, _) = endpoint { try tls?.addHandler(to: channel, host: host) }
                    try channel.pipeline.syncOperations.addHandler(RedisChannelHandler())
                }
            }
        let channel: any Channel
        do {
            switch endpoint {
            case .tcp(let host, let port): channel = try await bootstrap.connect(host: host, port: port).get()
            case .unix(let path): channel = try await bootstrap.connect(unixDomainSocketPath: path).get()
            }
        } catch {
            throw .unreachable(PlainWords.of(error))
        }
        do throws(RedisError) {
            try await self.introduce(channel)
        } catch {
            channel.close(promise: nil)
            throw error
        }
        return channel
    }

    /// AUTH, SELECT and, because a server that hangs accepts connections all the same, PING.
    private func introduce(_ channel: any Channel) async throws(RedisError) {
        var commands = RESPWriter()
        let interface = self.settings.interface
        if let password = interface.password {
            if let user = interface.user {
                commands.command("AUTH", user, password.reveal())
            } else {
                commands.command("AUTH", password.reveal())
            }
        }
        if interface.database != 0 { commands.command("SELECT", String(interface.database)) }
        commands.command("PING")
        let outcome = await channel.run(commands, deadline: .now() + TimeAmount(self.settings.timeout))
        for (index, reply) in outcome.replies.enumerated() {
            guard case .error(let text) = reply else { continue }
            let code = ServerRefusal.code(of: text)
            // A user may be allowed to store and nothing else.
            if code == "NOPERM", index == commands.commandCount - 1 { continue }
            throw .refused(code: code)
        }
        if let error = outcome.error { throw error }
    }

    private func hasEnded(_ channel: any Channel) {
        guard self.channel === channel else { return }
        self.channel = nil
        self.startConnecting()
    }

    private func drop(_ channel: any Channel) {
        channel.close(promise: nil)
        self.hasEnded(channel)
    }

    private func failed(_ error: RedisError) {
        guard !self.isClosed else { return }
        self.backOff.failed()
        self.lastError = error
        self.log.failed(self.endpoint, error)
    }

    private func wakeWaiters() {
        let waiters = self.waiters
        self.waiters = []
        for waiter in waiters { waiter.resume() }
    }
}

extension RESPValue {
    /// The code of an error reply that says that another connection is needed: to the server that is the master now, or with another
    /// password.
    fileprivate var codeOfUselessConnection: String? {
        guard case .error(let text) = self else { return nil }
        let code = ServerRefusal.code(of: text)
        return ["READONLY", "NOAUTH", "LOADING", "MASTERDOWN"].contains(code) ? code : nil
    }
}
