import GuerrillaBackend
import GuerrillaMail
import GuerrillaServer
import GuerrillaTestSupport
import Logging
import NIOCore
import Synchronization
import Testing

@testable import Guerrilla

/// What becomes of a running daemon when its configuration does.
struct DaemonReloadTests {
    private let fixture = DaemonFixture()

    private func run(
        _ configuration: DaemonConfiguration? = nil,
        backend: (any Backend)? = nil,
        _ body: (Daemon) async throws -> Void
    ) async throws {
        let daemon = Daemon(configuration: configuration ?? self.fixture.configuration(), backend: backend)
        try await daemon.start()
        do {
            try await body(daemon)
        } catch {
            await daemon.shutdown()
            throw error
        }
        await daemon.shutdown()
    }

    private func reload(_ daemon: Daemon, _ change: (inout DaemonConfiguration) throws -> Void) async throws {
        var configuration = await daemon.configuration
        try change(&configuration)
        try await daemon.reloadConfig(configuration)
    }

    /// The replies to commands, the greeting first, at a server of the daemon.
    private func talk(_ daemon: Daemon, server: Int = 0, _ commands: [String] = []) async throws -> [String] {
        let listeners = await daemon.listeners
        let listener = try #require(listeners.indices.contains(server) ? listeners[server] : nil)
        return try await withClient(listener) { try $0.talk(commands) }
    }

    // MARK: Servers

    @Test func aServersKeysHoldForNewConnections() async throws {
        try await self.run { daemon in
            let listener = try #require(await daemon.listeners.first)
            let reloaded = Gate()
            let greeted = Gate()
            async let open = withClient(listener) { client in
                let before = try client.talk(["EHLO c.example"])
                greeted.open()
                reloaded.passBlocking()
                return try before + [client.command("MAIL FROM:<a@b.example> SIZE=5000")]
            }
            await greeted.pass()
            try await self.reload(daemon) {
                $0.servers[0].hostName = "new.example.com"
                $0.servers[0].limits.messageSize = 4_000
            }
            reloaded.open()
            #expect(try await open.last?.hasPrefix("250 ") == true)
            let replies = try await self.talk(daemon, ["EHLO c.example", "MAIL FROM:<a@b.example> SIZE=5000"])
            #expect(replies[0].hasPrefix("220 new.example.com "))
            #expect(replies[2].hasPrefix("552 "))
            #expect(await daemon.listeners.map(\.address) == [listener.address])
        }
        #expect(self.fixture.logLines("server 127.0.0.1:0 config change event, a new config has been saved").count == 1)
        #expect(self.fixture.logLines("Configuration was reloaded").count == 1)
    }

    @Test func clientsBeyondANewLimitAreRefused() async throws {
        try await self.run { daemon in
            let listener = try #require(await daemon.listeners.first)
            let done = Gate()
            let greeted = Gate()
            async let first = withClient(listener) { client in
                _ = try client.readReply()
                greeted.open()
                done.passBlocking()
                return try client.command("NOOP")
            }
            await greeted.pass()
            try await self.reload(daemon) { $0.servers[0].connection.maximumClients = 1 }
            #expect(try await self.talk(daemon)[0].hasPrefix("421 "))
            done.open()
            #expect(try await first.hasPrefix("250 "))
        }
    }

    @Test func serversComeAndGoAndTheOthersAreLeftAlone() async throws {
        // Nobody else may get the port when it is given up.
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        try await self.run(self.fixture.configuration(port: port.number)) { daemon in
            let first = try #require(await daemon.listeners.first)
            let second = ServerConfiguration(
                listenInterface: ListenInterface(host: "localhost", port: 0),
                hostName: "second.example.com"
            )
            try await self.reload(daemon) { $0.servers.append(second) }
            #expect(await daemon.listeners.map(\.interface) == ["127.0.0.1:\(port.number)", "localhost:0"])
            let added = await daemon.listeners[1]
            #expect(try await withClient(added) { try $0.talk([]) }[0].hasPrefix("220 second.example.com "))
            try await self.reload(daemon) { $0.servers.removeFirst() }
            #expect(await daemon.listeners.map(\.address) == [added.address])
            await #expect(throws: (any Error).self) { try await withClient(first) { try $0.talk(["NOOP"]) } }
            #expect(first.socket.descriptor == nil)
        }
        #expect(self.fixture.logLines("New server added [localhost:0]").count == 1)
        #expect(self.fixture.logLines("Server [127.0.0.1:\(port.number)] removed from config, stopped it.").count == 1)
    }

    @Test func aServerIsDisabledAndEnabledWithEverythingElseThatChanged() async throws {
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        try await self.run(self.fixture.configuration(port: port.number)) { daemon in
            let listener = try #require(await daemon.listeners.first)
            try await self.reload(daemon) { $0.servers[0].isEnabled = false }
            #expect(await daemon.listeners.isEmpty)
            await #expect(throws: (any Error).self) { try await withClient(listener) { try $0.talk(["NOOP"]) } }
            try await self.reload(daemon) {
                $0.servers[0].isEnabled = true
                $0.servers[0].hostName = "new.example.com"
                $0.allowedHosts = ["new.example.com"]
            }
            let replies = try await self.talk(
                daemon,
                ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<a@new.example.com>"]
            )
            #expect(replies[0].hasPrefix("220 new.example.com "))
            #expect(replies[3].hasPrefix("250 "))
        }
    }

    @Test func whoHasAMessageInHandOnAServerThatGoesMayFinishIt() async throws {
        let backend = TestBackend()
        try await self.run(backend: backend) { daemon in
            let listener = try #require(await daemon.listeners.first)
            let inData = Gate()
            let stopped = Gate()
            async let sender = withClient(listener) { client in
                _ = try client.talk(BlockingClient.transaction(to: ["bob@example.com"]))
                inData.open()
                stopped.passBlocking()
                return try [client.command("x\r\n."), client.readLine() ?? "closed"]
            }
            await inData.pass()
            try await self.reload(daemon) { $0.servers = [] }
            #expect(await daemon.listeners.isEmpty)
            stopped.open()
            #expect(try await sender[0].hasPrefix("250 "))
            #expect(try await sender[1].hasPrefix("421 4.3.2 "))
        }
        #expect(backend.envelopes.count == 1)
    }

    @Test func aServerGetsAnotherAddressOfTheSamePort() async throws {
        try await self.run { daemon in
            let port = try #require(await daemon.listeners.first?.address.port)
            // Overlapping, and the very same.
            for host in ["localhost", nil, "127.0.0.1", "0.0.0.0", "::", "127.0.0.1"] as [String?] {
                try await self.reload(daemon) {
                    $0.servers[0].listenInterface = ListenInterface(host: host, port: port)
                }
                #expect(await daemon.listeners.map(\.address.port) == [port])
                #expect(try await self.talk(daemon, ["NOOP"])[1].hasPrefix("250 "))
            }
        }
    }

    // MARK: The daemon

    @Test func allowedHostsHoldAtOnceAlsoForWhoIsConnected() async throws {
        try await self.run { daemon in
            let listener = try #require(await daemon.listeners.first)
            let reloaded = Gate()
            let ready = Gate()
            async let open = withClient(listener) { client in
                _ = try client.talk(["EHLO c.example", "MAIL FROM:<>"])
                let before = try client.command("RCPT TO:<a@new.example>")
                ready.open()
                reloaded.passBlocking()
                return try [before, client.command("RCPT TO:<a@new.example>")]
            }
            await ready.pass()
            try await self.reload(daemon) { $0.allowedHosts = ["new.example", "bad host"] }
            reloaded.open()
            #expect(try await open.map { String($0.prefix(3)) } == ["550", "250"])
        }
        #expect(self.fixture.logLines("allowed_hosts config changed, a new list was set").count == 1)
        #expect(self.fixture.logLines("allowed_hosts: ").count == 1)
    }

    @Test func logsAndTheirLevelChange() async throws {
        try await self.run { daemon in
            let logger = await daemon.logger
            logger.debug("one")
            try await self.reload(daemon) { $0.logLevel = .debug }
            logger.debug("two")
            try await self.reload(daemon) { $0.logFile = .file(self.fixture.directory.path("other")) }
            logger.debug("three")
            try await self.reload(daemon) { $0.logLevel = .error }
            logger.warning("four")
        }
        #expect(self.fixture.logLines("one").isEmpty)
        #expect(self.fixture.logLines("two").count == 1)
        #expect(self.fixture.logLines("three").isEmpty)
        let other = self.fixture.directory.lines("other") ?? []
        #expect(other.count { $0.contains("msg=three") || $0.contains("msg=\"three\"") } == 1)
        #expect(!other.contains { $0.contains("four") })
    }

    @Test func thePIDFileMoves() async throws {
        try await self.run { daemon in
            try await self.reload(daemon) { $0.pidFile = self.fixture.directory.path("other") }
            #expect(self.fixture.directory.contents.filter { $0 != "log" } == ["other"])
            try await self.reload(daemon) { $0.pidFile = nil }
            #expect(self.fixture.directory.contents == ["log"])
            try await daemon.writePIDFile(to: self.fixture.directory.path("third"))
            #expect(self.fixture.directory.contents.filter { $0 != "log" } == ["third"])
            #expect(await daemon.configuration.pidFile == self.fixture.directory.path("third"))
        }
        #expect(self.fixture.directory.contents == ["log"])
    }

    @Test func whatNeedsARestartSaysSo() async throws {
        try await self.run { daemon in
            try await self.reload(daemon) {
                $0.eventLoops = 2
                $0.maximumMessageMemory = 1 << 25
            }
            let present = await daemon.configuration
            #expect(present.eventLoops == 1)
            // What is in force, and what the next start has, are different things until then.
            await daemon.shutdown()
            #expect(await daemon.configuration.eventLoops == 2)
            try await daemon.start()
        }
        #expect(self.fixture.logLines("event_loops has changed: that needs a restart").count == 1)
        #expect(self.fixture.logLines("max_message_memory").isEmpty)
    }

    // MARK: The backend

    @Test func theChainIsReplacedAndTheFormerOneEnds() async throws {
        let chains = Chains()
        var configuration = self.fixture.configuration()
        configuration.backend.saveProcess = "Numbered"
        let daemon = Daemon(configuration: configuration)
        await daemon.addProcessor(chains.description)
        try await daemon.start()
        let listener = try #require(await daemon.listeners.first)
        let inData = Gate()
        let replaced = Gate()
        async let sender = withClient(listener) { client in
            _ = try client.talk(BlockingClient.transaction(to: ["bob@example.com"]))
            inData.open()
            replaced.passBlocking()
            return try client.command("x\r\n.")
        }
        await inData.pass()
        try await self.reload(daemon) { $0.backend.saveTimeout = .seconds(20) }
        #expect(await eventually { chains.words == ["start 1", "start 2", "end 1"] })
        replaced.open()
        // The message was complete after the replacement: it is the new one's.
        #expect(try await sender.hasPrefix("250 "))
        try await self.reload(daemon) { $0.allowedHosts = ["example.com", "example.org"] }
        await daemon.shutdown()
        #expect(chains.words == ["start 1", "start 2", "end 1", "save 2", "end 2"])
        #expect(self.fixture.logLines("new backend started").count == 1)
    }

    @Test func anOwnBackendTakesNoNotice() async throws {
        let backend = TestBackend()
        try await self.run(backend: backend) { daemon in
            try await self.reload(daemon) { $0.backend.saveProcess = "nonesuch" }
            #expect(backend.shutdowns == 0)
        }
        #expect(self.fixture.logLines("backend_config has changed: the application's own backend").count == 1)
        #expect(backend.shutdowns == 1)
    }

    @Test func theHookOfAnApplicationStaysAtTheEndOfTheChain() async throws {
        let subjects = Mutex<[String]>([])
        let daemon = Daemon(configuration: self.fixture.configuration()) { envelope in
            subjects.withLock { $0.append(envelope.subject ?? "-") }
        }
        let listener = try #require(try await daemon.start().first)
        try await self.reload(daemon) { $0.backend.saveProcess = "HeadersParser" }
        let reply = try await withClient(listener) { client in
            _ = try client.talk(BlockingClient.transaction(to: ["bob@example.com"]))
            return try client.command("Subject: hello\r\n\r\nx\r\n.")
        }
        #expect(reply.hasPrefix("250 2.0.0 OK: queued as "))
        #expect(subjects.withLock { $0 } == ["hello"])
        await daemon.shutdown()
    }

    // MARK: What fails

    enum Fault: CaseIterable, CustomTestStringConvertible {
        case unknownProcessor, backendDoesNotStart, portTaken, noCertificate, logFileUnwritable, pidFileUnwritable
        case tooManyClients

        var testDescription: String { "\(self)" }
    }

    @Test(arguments: Fault.allCases)
    func aFaultChangesNothing(_ fault: Fault) async throws {
        let chains = Chains()
        let taken = try ListeningSocket(host: "127.0.0.1", port: 0)
        var configuration = self.fixture.configuration()
        configuration.backend.saveProcess = "Numbered"
        let daemon = Daemon(configuration: configuration)
        await daemon.addProcessor(chains.description)
        let before = try await daemon.start()
        let heard = EventBusTests.Heard()
        _ = daemon.subscribe(to: .newConfig) { heard.append($0.topic.rawValue) }
        let sentence: String
        var new = configuration
        // Everything else changes, too, and must not.
        new.allowedHosts = ["new.example"]
        new.servers[0].hostName = "new.example.com"
        new.servers.append(new.servers[0])
        new.servers[1].listenInterface = ListenInterface(host: "localhost", port: 0)
        new.pidFile = self.fixture.directory.path("new.pid")
        new.backend.saveTimeout = .seconds(3)
        switch fault {
        case .unknownProcessor:
            new.backend.saveProcess = "nonesuch"
            sentence = "processor [nonesuch] not found"
        case .backendDoesNotStart:
            chains.fail()
            sentence = "this backend was not to start"
        case .portTaken:
            let port = try #require(taken.address.port)
            new.servers[1].listenInterface = ListenInterface(host: "127.0.0.1", port: port)
            sentence = "cannot listen on 127.0.0.1:\(port): Address already in use"
        case .noCertificate:
            new.servers[0].tls.isStartTLSOn = true
            new.servers[0].tls.keyPair = TLSKeyPair(privateKeyFile: "/nowhere/k", certificateFile: "/nowhere/c")
            sentence = "cannot use TLS config for [127.0.0.1:0]"
        case .logFileUnwritable:
            new.logFile = .file(self.fixture.directory.path("missing/log"))
            sentence = "could not open log file"
        case .pidFileUnwritable:
            new.pidFile = self.fixture.directory.path("missing/pid")
            sentence = "error while writing pidFile"
        case .tooManyClients:
            new.wantTooManyClients()
            sentence = "Combined max clients for all servers"
        }
        let error = await #expect(throws: DaemonError.self) { try await daemon.reloadConfig(new) }
        #expect(error?.description.contains(sentence) == true)
        #expect(await daemon.configuration == configuration)
        #expect(await daemon.listeners.map(\.address) == before.map(\.address))
        #expect(self.fixture.directory.contents == ["log", "pid"])
        let replies = try await self.talk(daemon, ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<a@new.example>"])
        #expect(replies[0].hasPrefix("220 mx.example.com "))
        #expect(replies[3].hasPrefix("550 "))
        #expect(heard.all.isEmpty)
        // And the next one that is right is not held against it.
        try await self.reload(daemon) { $0.allowedHosts = ["new.example"] }
        #expect(heard.all == ["config_change:new_config"])
        await daemon.shutdown()
        #expect(self.fixture.logLines("Could not reload config: ").count == 1)
        #expect(chains.words.filter { $0.hasPrefix("end") }.count == 1)
    }

    @Test func aFileThatIsWrongIsNamedWhole() async throws {
        try await self.run { daemon in
            let path = self.fixture.directory.path("conf.json")
            try self.fixture.directory.write(#"{"log_level": 3, "servers": [{"max_size": "x"}]}"#, to: "conf.json")
            let error = await #expect(throws: DaemonError.self) { try await daemon.reloadConfigFile(path) }
            #expect(error?.description.contains("log_level") == true)
            #expect(error?.description.contains("servers[0].max_size") == true)
            let text =
                #"{"pid_file": "\#(self.fixture.pidFile)", "log_file": "\#(self.fixture.directory.path("log"))", "#
            try self.fixture.directory.write(
                text + #""allowed_hosts": ["a.example"], "wrong": 1, "backend_config": {"save_process": ""}, "#
                    + #""servers": [{"is_enabled": true, "listen_interface": "127.0.0.1:0", "host_name": "a.example"}]}"#,
                to: "conf.json"
            )
            let warnings = try await daemon.reloadConfigFile(path)
            #expect(warnings.contains { $0.contains("wrong") })
            #expect(await daemon.configuration.allowedHosts == ["a.example"])
            #expect(try await self.talk(daemon)[0].hasPrefix("220 a.example "))
        }
    }

    @Test func onlyARunningDaemonCanBeChanged() async throws {
        let daemon = Daemon(configuration: self.fixture.configuration())
        let error = await #expect(throws: DaemonError.self) {
            try await daemon.reloadConfig(self.fixture.configuration())
        }
        #expect(error?.description == "the daemon is not running")
        #expect(await !daemon.reloadCertificates())
        #expect(await !daemon.reopenLogs())
    }

    // MARK: At once

    @Test func changesAtOnceAllHappenOneAfterTheOther() async throws {
        try await self.run { daemon in
            await withTaskGroup(of: Void.self) { group in
                for turn in 0..<20 {
                    group.addTask {
                        try? await self.reload(daemon) { $0.servers[0].connection.maximumClients = 10 + turn }
                        await daemon.reopenLogs()
                        _ = await daemon.reloadCertificates()
                    }
                }
            }
            #expect(await daemon.listeners.count == 1)
            #expect((10..<30).contains(await daemon.configuration.servers[0].connection.maximumClients))
            let replies = try await self.talk(daemon, ["NOOP"])
            #expect(replies[1].hasPrefix("250 "))
        }
        #expect(self.fixture.logLines("Configuration was reloaded").count == 20)
    }

    @Test func eventsAreToldWhenEverythingIsInForce() async throws {
        try await self.run { daemon in
            let events = daemon.events
            let inForce = EventBusTests.Heard()
            _ = daemon.subscribe(to: .serverNew) { event in
                if case .serverNew(let server) = event { inForce.append(server.listenInterface.description) }
            }
            try await self.reload(daemon) {
                $0.allowedHosts = ["a.example"]
                $0.servers.append(ServerConfiguration(listenInterface: ListenInterface(host: "localhost", port: 0)))
            }
            daemon.publish(.logReopen(await daemon.configuration))
            await daemon.shutdown()
            var topics: [DaemonEvent.Topic] = []
            for await event in events { topics.append(event.topic) }
            #expect(topics == [.newConfig, .allowedHosts, .serverLogReopen, .serverNew, .logReopen])
            #expect(inForce.all == ["localhost:0"])
        }
    }

    @Test func runReturnsWhenTheDaemonIsShutDown() async throws {
        let daemon = Daemon(configuration: self.fixture.configuration())
        let running = Task { try await daemon.run() }
        #expect(await eventually { await daemon.listeners.count == 1 })
        #expect(await daemon.shutdown())
        try await running.value
        // The same by cancelling the task.
        let again = Task { try await daemon.run() }
        #expect(await eventually { await daemon.listeners.count == 1 })
        again.cancel()
        try await again.value
        #expect(await daemon.listeners.isEmpty)
    }
}

/// Counts the instances of a processor, and what becomes of each.
private final class Chains: Sendable {
    private struct State {
        var number = 0
        var words: [String] = []
        var fails = false
    }

    private let state = Mutex(State())

    var words: [String] { self.state.withLock { $0.words } }

    /// Lets the next one not start.
    func fail() {
        self.state.withLock { $0.fails = true }
    }

    var description: ProcessorDescription {
        ProcessorDescription("Numbered", Numbered.self) { _ in
            Numbered(
                number: self.state.withLock {
                    $0.number += 1
                    return $0.number
                },
                chains: self
            )
        }
    }

    fileprivate struct Numbered: Processor {
        static let capabilities: ProcessorCapabilities = [.saves, .stores]

        let number: Int
        let chains: Chains

        func start() async throws {
            let fails = self.chains.state.withLock { state in
                defer { state.fails = false }
                return state.fails
            }
            if fails { throw TestBackend.Failure() }
            self.note("start")
        }

        func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
            self.note("save")
            return .stored
        }

        func shutdown(deadline: ContinuousClock.Instant) async {
            self.note("end")
        }

        private func note(_ word: String) {
            self.chains.state.withLock { $0.words.append("\(word) \(self.number)") }
        }
    }
}
