import GuerrillaBackend
import GuerrillaMail
import GuerrillaTestSupport
import Logging
import NIOCore
import Synchronization
import Testing

@testable import Guerrilla

/// What becomes of what is asked of a daemon while it is at something else.
struct DaemonLifeTests {
    private let fixture = DaemonFixture()

    /// A daemon whose shutdown has begun and waits for a message in hand.
    private func withStoppingDaemon(
        _ body: (Daemon, _ finish: () -> Void, _ stopping: Task<Bool, Never>) async throws -> Void
    ) async throws {
        let daemon = Daemon(configuration: self.fixture.configuration(), backend: TestBackend())
        let listener = try #require(try await daemon.start().first)
        let inData = Gate()
        let finish = Gate()
        async let sender = withClient(listener) { client in
            _ = try client.talk(BlockingClient.transaction(to: ["bob@example.com"]))
            inData.open()
            finish.passBlocking()
            return try client.command("x\r\n.")
        }
        await inData.pass()
        let stopping = Task { await daemon.shutdown() }
        #expect(await eventually { !self.fixture.logLines("Server [127.0.0.1:0] has stopped accepting").isEmpty })
        do {
            try await body(daemon, { finish.open() }, stopping)
        } catch {
            finish.open()
            throw error
        }
        #expect(try await sender.hasPrefix("250 "))
    }

    @Test func whoWaitsForTheEndWaitsForAllOfIt() async throws {
        try await self.withStoppingDaemon { daemon, finish, stopping in
            let waiting = Task.immediate {
                await daemon.waitUntilStopped()
                return self.fixture.logLines("Shutdown completed").count
            }
            // Whoever is not made to wait has passed the daemon before this has.
            for _ in 0..<10 { _ = await daemon.listeners }
            finish()
            #expect(await stopping.value)
            #expect(await waiting.value == 1)
        }
    }

    @Test func startWaitsForAShutdownThatHasBegun() async throws {
        try await self.withStoppingDaemon { daemon, finish, stopping in
            let starting = Task.immediate { try await daemon.start() }
            for _ in 0..<10 { _ = await daemon.listeners }
            finish()
            #expect(await stopping.value)
            let listener = try #require(try await starting.value.first)
            #expect(try await withClient(listener) { try $0.talk(["NOOP"]) }[1].hasPrefix("250 "))
            #expect(await daemon.shutdown())
        }
    }

    @Test func loggerThatIsSetDuringTheStartIsTheLog() async throws {
        let gate = Gate()
        let lines = Mutex<[String]>([])
        let daemon = Daemon(
            configuration: self.fixture.configuration(),
            backend: TestBackend(onStart: { await gate.pass() })
        )
        let starting = Task { try await daemon.start() }
        #expect(await eventually { gate.visits == 1 })
        await daemon.setLogger(
            Logger(label: "test") { _ in LineHandler { line in lines.withLock { $0.append(line) } } }
        )
        gate.open()
        _ = try await starting.value
        await daemon.logger.info("heard")
        #expect(lines.withLock { $0 }.contains("heard"))
        #expect(await daemon.shutdown())
        #expect(self.fixture.logLines("heard").isEmpty)
    }

    // MARK: Cancellation

    @Test func runOfACancelledTaskDoesNotListen() async throws {
        let daemon = Daemon(configuration: self.fixture.configuration())
        try await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await daemon.run()
        }.value
        #expect(self.fixture.logLines("Listening on").isEmpty)
        #expect(await daemon.listeners.isEmpty)
    }

    @Test func runThatIsCancelledWhileItStartsDoesNotListen() async throws {
        let gate = Gate()
        let backend = TestBackend(onStart: { await gate.pass() })
        let daemon = Daemon(configuration: self.fixture.configuration(), backend: backend)
        let running = Task { try await daemon.run() }
        #expect(await eventually { gate.visits == 1 })
        running.cancel()
        gate.open()
        try await running.value
        #expect(self.fixture.logLines("Listening on").isEmpty)
        #expect(backend.shutdowns == 1)
        // And it can be started.
        #expect(try await daemon.start().count == 1)
        #expect(await daemon.shutdown())
    }

    // MARK: Events

    @Test(.timeLimit(.minutes(10))) func eventsEndWithADaemonThatDidNotStart() async throws {
        var configuration = self.fixture.configuration()
        configuration.backend.saveProcess = "nonesuch"
        let daemon = Daemon(configuration: configuration)
        let events = daemon.events
        await #expect(throws: DaemonError.self) { try await daemon.start() }
        #expect(await daemon.shutdown())
        for await event in events { Issue.record("\(event.topic)") }
    }

    // MARK: Servers

    @Test func twoServersCannotInheritOneAddress() async throws {
        let daemon = Daemon(configuration: self.fixture.configuration())
        let port = try #require(try await daemon.start().first?.address.port)
        var configuration = await daemon.configuration
        configuration.servers[0].listenInterface = ListenInterface(host: "127.0.0.1", port: port)
        try await daemon.reloadConfig(configuration)
        // The same address in other words, beside that of the server that goes on.
        configuration.servers.append(configuration.servers[0])
        configuration.servers[1].listenInterface = ListenInterface(host: "localhost", port: port)
        let error = await #expect(throws: DaemonError.self) { try await daemon.reloadConfig(configuration) }
        #expect(
            error?.description
                == "cannot listen on localhost:\(port): 127.0.0.1:\(port) of another server is on that address, too"
        )
        let listener = try #require(await daemon.listeners.first)
        #expect(listener.interface == "127.0.0.1:\(port)")
        #expect(try await withClient(listener) { try $0.talk(["NOOP"]) }[1].hasPrefix("250 "))
        #expect(await daemon.shutdown())
    }

    @Test func aServersLogIsToldOnlyOfServersThatGoOn() async throws {
        var configuration = self.fixture.configuration()
        configuration.servers.append(configuration.servers[0])
        configuration.servers[1].listenInterface = ListenInterface(host: "localhost", port: 0)
        configuration.servers[1].logFile = .file(self.fixture.directory.path("own"))
        let daemon = Daemon(configuration: configuration)
        try await daemon.start()
        configuration.servers[1].logFile = .file(self.fixture.directory.path("other"))
        try await daemon.reloadConfig(configuration)
        configuration.servers.removeLast()
        try await daemon.reloadConfig(configuration)
        #expect(await daemon.shutdown())
        let words = "Server [localhost:0] changed, new clients will log to: [\(self.fixture.directory.path("other"))]"
        #expect(self.fixture.directory.lines("other")?.count { $0.contains(words) } == 1)
        #expect(self.fixture.logLines("Server [localhost:0] changed").isEmpty)
    }
}

/// Hands over what is logged.
private struct LineHandler: LogHandler {
    let hear: @Sendable (String) -> Void
    var logLevel: Logger.Level = .trace
    var metadata: Logger.Metadata = [:]

    init(_ hear: @escaping @Sendable (String) -> Void) {
        self.hear = hear
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        self.hear(event.message.description)
    }
}
