#if ServiceLifecycle
import Guerrilla
import GuerrillaTestSupport
import Logging
import ServiceLifecycle
import Testing

/// A daemon as one of the services of an application.
struct DaemonServiceTests {
    private let fixture = DaemonFixture()

    /// How the group is told to end.
    enum End: CaseIterable {
        case gracefulShutdown
        case cancellation
    }

    @Test(arguments: End.allCases)
    func messageInHandIsFinishedWhenTheGroupEnds(_ end: End) async throws {
        let backend = TestBackend()
        let daemon = Daemon(configuration: self.fixture.configuration(), backend: backend)
        let group = ServiceGroup(
            services: [daemon],
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let running = Task { try await group.run() }
        #expect(await eventually { await daemon.listeners.count == 1 })
        let listener = try #require(await daemon.listeners.first)
        let inData = Gate()
        let stopping = Gate()
        async let sender = withClient(listener) { client in
            _ = try client.talk(BlockingClient.transaction(to: ["bob@example.com"]))
            inData.open()
            stopping.passBlocking()
            return try [client.command("x\r\n."), client.readLine() ?? "closed"]
        }
        await inData.pass()
        switch end {
        case .gracefulShutdown: await group.triggerGracefulShutdown()
        case .cancellation: running.cancel()
        }
        #expect(await eventually { !self.fixture.logLines("Server [127.0.0.1:0] has stopped accepting").isEmpty })
        stopping.open()
        #expect(try await sender[0].hasPrefix("250 "))
        #expect(try await sender[1].hasPrefix("421 4.3.2 "))
        // Whether a cancelled group throws is its affair.
        _ = await running.result
        #expect(backend.envelopes.count == 1)
        #expect(backend.shutdowns == 1)
        #expect(await daemon.listeners.isEmpty)
        #expect(self.fixture.directory.contents == ["log"])
    }

    @Test func groupEndsWhileItsDaemonStarts() async throws {
        let gate = Gate()
        let backend = TestBackend(onStart: { await gate.pass() })
        let group = ServiceGroup(
            services: [Daemon(configuration: self.fixture.configuration(), backend: backend)],
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let running = Task { try await group.run() }
        #expect(await eventually { gate.visits == 1 })
        await group.triggerGracefulShutdown()
        _ = await running.result
        gate.open()
        #expect(await eventually { backend.shutdowns == 1 })
    }

    @Test func groupEndsWithTheErrorOfADaemonThatDoesNotStart() async throws {
        var configuration = self.fixture.configuration()
        configuration.backend.saveProcess = "nonesuch"
        let group = ServiceGroup(
            services: [Daemon(configuration: configuration)],
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        await #expect(throws: DaemonError.self) { try await group.run() }
    }

    @Test func daemonInAGroupEndsTheGroupWhenItIsShutDown() async throws {
        let daemon = Daemon(configuration: self.fixture.configuration(), backend: TestBackend())
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        let running = Task { try await group.run() }
        #expect(await eventually { await daemon.listeners.count == 1 })
        #expect(await daemon.shutdown())
        try await running.value
    }
}
#endif
