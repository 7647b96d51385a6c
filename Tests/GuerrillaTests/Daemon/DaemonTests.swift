import Guerrilla
import GuerrillaBackend
import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Testing

#if SQLite
import GuerrillaSQLite
#endif

/// A daemon that runs: mail in, log out, and its end.
struct DaemonTests {
    private let fixture = DaemonFixture()

    /// The values of a log line by key. Quoted values hold no quotes here.
    private func fields(_ line: String) -> [String: String] {
        var fields: [String: String] = [:]
        var rest = line[...]
        while let equals = rest.firstIndex(of: "=") {
            let key = rest[..<equals].drop { $0 == " " }
            rest = rest[rest.index(after: equals)...]
            let isQuoted = rest.first == "\""
            if isQuoted { rest = rest.dropFirst() }
            let value = rest.prefix { $0 != (isQuoted ? "\"" : " ") }
            rest = rest[value.endIndex...].dropFirst()
            fields[String(key)] = String(value)
        }
        return fields
    }

    // MARK: Processors of an application

    private struct Refusing: Processor {
        static let capabilities: ProcessorCapabilities = [.saves]

        func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
            throw CancellationError()
        }
    }

    @Test func anAddedProcessorIsKnownToTheChains() async throws {
        var configuration = self.fixture.configuration()
        configuration.backend.saveProcess = "refusing"
        let daemon = Daemon(configuration: configuration)
        await daemon.addProcessor("Refusing") { _ in Refusing() }
        let listener = try #require(try await daemon.start().first)
        let reply = try await withClient(listener) { client in
            _ = try client.talk(BlockingClient.transaction(to: ["bob@example.com"]))
            return try client.command("x\r\n.")
        }
        #expect(reply.hasPrefix("451 "))
        await daemon.shutdown()
    }

    // MARK: Messages

    #if SQLite
    @Test func messageIsStoredAndLoggedInOneLine() async throws {
        var configuration = self.fixture.configuration()
        configuration.backend.saveProcess = "HeadersParser|Header|sqlite"
        configuration.backend.values["sqlite_path"] = .string(self.fixture.directory.path("mail.sqlite"))
        let daemon = Daemon(configuration: configuration)
        let listener = try #require(try await daemon.start().first)
        let message = "Subject: first\r\n\r\nbody\r\n"
        let reply = try await withClient(listener) { client in
            _ = try client.talk(BlockingClient.transaction(to: ["bob@example.com", "carol@example.com"]))
            return try client.command("\(message).")
        }
        #expect(reply.hasPrefix("250 2.0.0 OK: queued as "))
        #expect(await daemon.shutdown())

        let queuedID = String(reply.split(separator: " ").last ?? "")
        let lines = self.fixture.logLines("Message received\"")
        #expect(lines.count == 1)
        var fields = self.fields(try #require(lines.first))
        #expect(fields.removeValue(forKey: "time")?.hasSuffix("Z") == true)
        #expect(fields.removeValue(forKey: "smtp.ms").flatMap { Double($0) } != nil)
        #expect(
            fields == [
                "level": "info", "msg": "Message received", "smtp.queued_id": queuedID, "smtp.client": "127.0.0.1",
                "smtp.helo": "client.example", "smtp.from": "<alice@example.org>",
                "smtp.to": "<bob@example.com>,<carol@example.com>", "smtp.size": "\(message.utf8.count)",
                "smtp.verdict": "stored", "smtp.reply": "250",
            ]
        )
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.directory.path("mail.sqlite"))
        let stored = try reader.message(.queuedID(queuedID)).message
        #expect(stored.data.flatMap { Array(buffer: $0) } == Array(message.utf8))
        #expect(String(buffer: stored.deliveryHeader).hasPrefix("Return-Path: <alice@example.org>\r\nReceived: from "))
    }
    #endif

    @Test func messageThatNobodyKeepsIsLoggedAsDiscarded() async throws {
        let daemon = Daemon(configuration: self.fixture.configuration())
        let listener = try #require(try await daemon.start().first)
        let reply = try await withClient(listener) { client in
            _ = try client.talk(BlockingClient.transaction(from: "", to: ["postmaster"]))
            return try client.command("x\r\n.")
        }
        #expect(reply.hasSuffix(" (discarded)"))
        #expect(await daemon.shutdown())
        let fields = self.fields(try #require(self.fixture.logLines("Message received\"").first))
        #expect(fields["smtp.verdict"] == "discarded")
        #expect(fields["smtp.from"] == "<>")
        #expect(fields["smtp.to"] == "<postmaster>")
    }

    @Test func messagesAreNotLoggedAboveTheirLevel() async throws {
        var configuration = self.fixture.configuration()
        configuration.logLevel = .error
        let daemon = Daemon(configuration: configuration)
        let listener = try #require(try await daemon.start().first)
        _ = try await withClient(listener) { client in
            _ = try client.talk(BlockingClient.transaction(to: ["bob@example.com"]))
            return try client.command("x\r\n.")
        }
        #expect(await daemon.shutdown())
        #expect(self.fixture.directory.lines("log") == [])
    }

    @Test func messageThatMustBeSentAgainIsLoggedAtLevelWarnToo() async throws {
        var configuration = self.fixture.configuration()
        configuration.logLevel = .warn
        let failures = Gate()
        let backend = TestBackend(onSave: {
            // The first message only.
            await failures.pass()
            if failures.visits == 1 { throw TestBackend.Failure() }
        })
        failures.open()
        let daemon = Daemon(configuration: configuration, backend: backend)
        let listener = try #require(try await daemon.start().first)
        let replies = try await withClient(listener) { client in
            let transaction = BlockingClient.transaction(to: ["bob@example.com"])
            _ = try client.talk(transaction)
            let first = try client.command("x\r\n.")
            for command in transaction.dropFirst() { _ = try client.command(command) }
            return [first, try client.command("x\r\n.")]
        }
        #expect(replies[0].hasPrefix("451 4.3.0 "))
        #expect(replies[1].hasPrefix("250 2.0.0 "))
        #expect(await daemon.shutdown())
        let records = self.fixture.logLines("Message received\"").map { self.fields($0) }
        #expect(records.map { $0["smtp.verdict"] } == ["failed"])
        #expect(records.map { $0["smtp.reply"] } == ["451"])
        #expect(records.map { $0["level"] } == ["warning"])
    }

    @Test func ownBackendTakesThePlaceOfTheChains() async throws {
        var configuration = self.fixture.configuration()
        configuration.backend.saveProcess = "nonesuch"
        let backend = TestBackend()
        let daemon = Daemon(configuration: configuration, backend: backend)
        let listener = try #require(try await daemon.start().first)
        let reply = try await withClient(listener) { client in
            _ = try client.talk(BlockingClient.transaction(to: ["bob@example.com"]))
            return try client.command("x\r\n.")
        }
        #expect(reply.hasPrefix("250 2.0.0 OK: queued as "))
        #expect(await daemon.shutdown())
        #expect(backend.envelopes.map(\.recipients.first?.description) == ["bob@example.com"])
        #expect(backend.shutdowns == 1)
        #expect(self.fixture.logLines("no processor of save_process stores").isEmpty)
    }

    @Test func twoDaemonsInOneProcessDoNotMeet() async throws {
        let other = DaemonFixture()
        var otherConfiguration = other.configuration()
        otherConfiguration.allowedHosts = ["other.example"]
        let backends = [TestBackend(), TestBackend()]
        let daemons = [
            Daemon(configuration: self.fixture.configuration(), backend: backends[0]),
            Daemon(configuration: otherConfiguration, backend: backends[1]),
        ]
        var listeners: [Daemon.Listener] = []
        for daemon in daemons { listeners += try await daemon.start() }
        let domains = ["example.com", "other.example"]
        for (listener, domain) in zip(listeners, domains) {
            let replies = try await withClient(listener) { client in
                let replies = try client.talk([
                    "EHLO client.example", "MAIL FROM:<>", "RCPT TO:<a@example.com>", "RCPT TO:<a@other.example>",
                    "DATA",
                ])
                _ = try client.command("x\r\n.")
                return replies
            }
            #expect(replies[3].hasPrefix(domain == "example.com" ? "250 " : "550 "))
            #expect(replies[4].hasPrefix(domain == "example.com" ? "550 " : "250 "))
        }
        #expect(await daemons[0].shutdown())
        #expect(try await withClient(listeners[1]) { try $0.talk(["NOOP"]) }[1].hasPrefix("250 "))
        #expect(await daemons[1].shutdown())
        for (backend, domain) in zip(backends, domains) {
            #expect(backend.envelopes.map { $0.recipients.map(\.description) } == [["a@\(domain)"]])
            #expect(backend.shutdowns == 1)
        }
        for (fixture, domain) in [(self.fixture, domains[0]), (other, domains[1])] {
            #expect(fixture.logLines("Message received").map { self.fields($0)["smtp.to"] } == ["<a@\(domain)>"])
        }
    }

    // MARK: Shutdown

    @Test func shutdownOfAnIdleDaemonIsGraceful() async throws {
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        let daemon = Daemon(configuration: self.fixture.configuration(port: port.number))
        let listener = try #require(try await daemon.start().first)
        let greeted = Gate()
        async let goodbye = withClient(listener) { client in
            _ = try client.readReply()
            greeted.open()
            return try [client.readReply().last ?? "closed", client.readLine() ?? "closed"]
        }
        await greeted.pass()
        #expect(await daemon.shutdown())
        #expect(try await goodbye[0].hasPrefix("421 4.3.2 "))
        #expect(try await goodbye[1] == "closed")
        #expect(await daemon.shutdown())
        await #expect(throws: (any Error).self) { try await withClient(listener) { _ in } }
    }

    @Test func whoeverIsCutOffMakesShutdownFalse() async throws {
        var configuration = self.fixture.configuration()
        configuration.shutdownTimeout = .milliseconds(50)
        let daemon = Daemon(configuration: configuration)
        let listener = try #require(try await daemon.start().first)
        let inData = Gate()
        async let sender = withClient(listener) { client in
            _ = try client.talk(BlockingClient.transaction(to: ["bob@example.com"]))
            inData.open()
            return try client.readLine()
        }
        await inData.pass()
        #expect(await daemon.shutdown() == false)
        #expect(try await sender == nil)
        let lines = self.fixture.logLines("graceful shutdown timed out\"")
        #expect(lines.map { self.fields($0)["connections"] } == ["1"])
        let cut = self.fixture.logLines("Connection cut off\"").map(self.fields)
        #expect(cut.map { $0["smtp.client"] } == ["127.0.0.1"])
        #expect(cut.map { $0["smtp.helo"] } == ["client.example"])
        #expect(cut.map { $0["smtp.message"] } == ["arriving"])
        #expect(cut.map { $0["smtp.size"] } == ["0"])
        #expect(!self.fixture.directory.contents.contains("pid"))
    }

    /// A store that never answers must not keep the daemon from its end, however short the time it has.
    @Test(.timeLimit(.minutes(10)), arguments: [0, 0, 0, 0, 0, 0, 0, 0, 50])
    func backendThatHangsDoesNotHoldUpShutdown(timeoutMilliseconds: Int) async throws {
        let gate = Gate()
        var configuration = self.fixture.configuration()
        configuration.shutdownTimeout = .milliseconds(timeoutMilliseconds)
        let backend = TestBackend(onSave: { await gate.pass() })
        let daemon = Daemon(configuration: configuration, backend: backend)
        let listener = try #require(try await daemon.start().first)
        async let sender = withClient(listener) { client in
            _ = try client.talk(BlockingClient.transaction(to: ["bob@example.com"]))
            try client.send(Array("x\r\n.\r\n".utf8))
            return try client.readLine()
        }
        #expect(await eventually { gate.visits == 1 })
        #expect(await daemon.shutdown() == false)
        #expect(try await sender == nil)
        // What waits there goes on even so, without a loop to go on with.
        gate.open()
        #expect(await eventually { backend.envelopes.count == 1 })
    }

    @Test(.timeLimit(.minutes(10)))
    func gatewayDoesNotWaitBeyondADeadlineThatHasPassed() async throws {
        let gateway = Gateway()
        for _ in 0..<20_000 {
            try await gateway.start(TestBackend())
            let lease = gateway.lease()
            await gateway.shutdown(deadline: .now)
            #expect(lease != nil)
        }
    }

    @Test func shutdownWhileItStartsEndsTheStart() async throws {
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        let gate = Gate()
        let backend = TestBackend(onStart: { await gate.pass() })
        let daemon = Daemon(configuration: self.fixture.configuration(port: port.number), backend: backend)
        let starting = Task { try await daemon.start() }
        #expect(await eventually { gate.visits == 1 })
        let stopping = Task.immediate { await daemon.shutdown() }
        gate.open()
        let error = await #expect(throws: DaemonError.self) { try await starting.value }
        #expect(error?.description == "the daemon was shut down while it started")
        #expect(await stopping.value)
        #expect(await eventually { backend.shutdowns == 1 })
        #expect(self.fixture.directory.contents == ["log"])
        let next = Daemon(configuration: self.fixture.configuration(port: port.number))
        try await next.start()
        #expect(await next.shutdown())
    }

    @Test(arguments: [true, false])
    func shutdownWaitsForNoBackendThatDoesNotComeUp(isReload: Bool) async throws {
        let gate = Gate()
        var registry = ProcessorRegistry.standard
        registry.register(ProcessorDescription("Slow", SlowStart.self) { _ in SlowStart(gate: gate) })
        var configuration = self.fixture.configuration()
        let daemon = Daemon(configuration: configuration, registry: registry)
        if isReload { try await daemon.start() }
        configuration.backend.saveProcess = "Slow"
        let slow = configuration
        let other = isReload ? daemon : Daemon(configuration: slow, registry: registry)
        let change = Task {
            if isReload {
                try await other.reloadConfig(slow)
            } else {
                try await other.start()
            }
        }
        #expect(await eventually { gate.visits == 1 })
        #expect(await other.shutdown())
        let error = await #expect(throws: DaemonError.self) { try await change.value }
        let reason = isReload ? "the daemon is being shut down" : "the daemon was shut down while it started"
        #expect(error?.description == reason)
        #expect(self.fixture.logLines("Shutdown completed").count == (isReload ? 1 : 0))
        // What comes up later is taken down again.
        gate.open()
        #expect(await eventually { gate.visits == 2 })
    }

    @Test func cancelledTaskWaitsForNoBackendThatDoesNotComeUp() async throws {
        let gate = Gate()
        let backend = TestBackend(onStart: { await gate.pass() })
        let daemon = Daemon(configuration: self.fixture.configuration(), backend: backend)
        let running = Task { try await daemon.run() }
        #expect(await eventually { gate.visits == 1 })
        running.cancel()
        try await running.value
        gate.open()
        #expect(await eventually { backend.shutdowns == 1 })
    }

    private struct SlowStart: Processor {
        static let capabilities: ProcessorCapabilities = [.saves, .stores]
        let gate: Gate

        func start() async throws { await self.gate.pass() }
        func shutdown(deadline: ContinuousClock.Instant) async { await self.gate.pass() }
    }
}
