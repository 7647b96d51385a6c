import Guerrilla
import GuerrillaBackend
import GuerrillaServer
import GuerrillaTestSupport
import Logging
import NIOCore
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct DaemonStartTests {
    /// Why a daemon may not start.
    enum Fault: CaseIterable {
        case unknownProcessor
        case processorValue
        case storeUnopenable
        case nameOfNobody
        case addressNotOurs
        case pidFileUnwritable
        case logFileUnwritable
        case tooManyClients
        case ownBackendFails
        case noCertificate
    }

    private let fixture = DaemonFixture()
    private var directory: TemporaryDirectory { self.fixture.directory }

    /// - Returns: What the sentence must say.
    private func spoil(_ configuration: inout DaemonConfiguration, with fault: Fault) -> [String] {
        switch fault {
        case .unknownProcessor:
            configuration.backend.saveProcess = "HeadersParser|nonesuch"
            return ["processor [nonesuch] not found; known processors: "]
        case .processorValue:
            configuration.backend.saveProcess = "Debugger"
            configuration.backend.values["sleep_seconds"] = "long"
            return ["backend_config.sleep_seconds: expected a whole number, found the string \"long\""]
        case .noCertificate:
            // Never clear text in its place.
            configuration.servers[0].tls.isAlwaysOn = true
            configuration.servers[0].tls.keyPair.privateKeyFile = self.directory.path("mx.key")
            configuration.servers[0].tls.keyPair.certificateFile = self.directory.path("mx.crt")
            return ["cannot use TLS config for [127.0.0.1:", "mx.key does not exist"]
        case .storeUnopenable:
            configuration.backend.saveProcess = "sqlite"
            configuration.backend.values["sqlite_path"] = .string(self.directory.path("missing/mail.sqlite"))
            #if SQLite
            return ["'\(self.directory.path("missing/mail.sqlite"))'", "does not exist"]
            #else
            return ["processor [sqlite] needs the trait SQLite, which this program was built without"]
            #endif
        case .nameOfNobody:
            configuration.servers[0].listenInterface = ListenInterface(host: "nonesuch.invalid", port: 2_525)
            return ["cannot listen on nonesuch.invalid:2525: no such host: nonesuch.invalid"]
        case .addressNotOurs:
            // TEST-NET-1: nobody's. (RFC 5737)
            configuration.servers.append(configuration.servers[0])
            configuration.servers[1].listenInterface = ListenInterface(host: "192.0.2.1", port: 2_525)
            return ["cannot listen on 192.0.2.1:2525: Cannot assign requested address"]
        case .pidFileUnwritable:
            configuration.pidFile = self.directory.path("missing/pid")
            return ["error while writing pidFile (\(self.directory.path("missing/pid"))): No such file or directory"]
        case .logFileUnwritable:
            configuration.logFile = .file(self.directory.path("missing/log"))
            return ["could not open log file \(self.directory.path("missing/log")): No such file or directory"]
        case .tooManyClients:
            configuration.wantTooManyClients()
            return ["Combined max clients for all servers (2200000100) is greater than open file limit ("]
        case .ownBackendFails:
            return ["this backend was not to start"]
        }
    }

    private func expectToStart(_ configuration: DaemonConfiguration) async throws {
        let daemon = Daemon(configuration: configuration)
        let listener = try #require(try await daemon.start().first)
        #expect(listener.address.port == configuration.servers[0].port)
        #expect(self.directory.text("pid") == "\(ProcessInfo.processInfo.processIdentifier)")
        let replies = try await withClient(listener) { try $0.talk(["QUIT"]) }
        #expect(replies[0].hasPrefix("220 mx.example.com "))
        #expect(await daemon.shutdown())
        #expect(!self.directory.contents.contains("pid"))
    }

    private func expectSentence(_ error: DaemonError?, saying parts: [String]) {
        let sentence = error?.description ?? ""
        for part in parts { #expect(sentence.contains(part)) }
        #expect(!sentence.contains("\n"))
    }

    @Test(arguments: Fault.allCases)
    func faultIsToldInOneSentenceAndLeavesNothingBehind(_ fault: Fault) async throws {
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        var configuration = self.fixture.configuration(port: port.number)
        let sentence = self.spoil(&configuration, with: fault)
        let backend = fault == .ownBackendFails ? TestBackend(onStart: { throw TestBackend.Failure() }) : nil
        let daemon = Daemon(configuration: configuration, backend: backend)

        let error = await #expect(throws: DaemonError.self) { try await daemon.start() }
        self.expectSentence(error, saying: sentence)
        #expect(self.directory.contents.filter { $0 != "log" }.isEmpty)
        #expect(await daemon.shutdown())
        try await self.expectToStart(self.fixture.configuration(port: port.number))
    }

    @Test func portThatIsTakenIsNamedAndTheOthersAreGivenBack() async throws {
        let (first, taken) = (try ReservedPort(), try ReservedPort())
        defer { withExtendedLifetime((first, taken)) {} }
        let other = DaemonFixture()
        let holder = Daemon(configuration: other.configuration(port: taken.number))
        try await holder.start()
        var configuration = self.fixture.configuration(port: first.number)
        configuration.servers.append(configuration.servers[0])
        configuration.servers[1].listenInterface = ListenInterface(host: "127.0.0.1", port: taken.number)

        let daemon = Daemon(configuration: configuration)
        let error = await #expect(throws: DaemonError.self) { try await daemon.start() }
        self.expectSentence(error, saying: ["cannot listen on 127.0.0.1:\(taken.number): Address already in use"])
        #expect(self.directory.contents == ["log"])
        try await self.expectToStart(self.fixture.configuration(port: first.number))

        #expect(await holder.shutdown())
        try await self.expectToStart(self.fixture.configuration(port: taken.number))
    }

    @Test func backendIsNotStartedWithoutThePIDFile() async throws {
        let backend = TestBackend(onStart: { Issue.record("it was started") })
        var configuration = self.fixture.configuration()
        configuration.pidFile = self.directory.path("missing/pid")
        await #expect(throws: DaemonError.self) {
            try await Daemon(configuration: configuration, backend: backend).start()
        }
        #expect(backend.shutdowns == 0)
    }

    // MARK: Once only

    @Test func secondStartFailsAndTheFirstGoesOn() async throws {
        let daemon = Daemon(configuration: self.fixture.configuration())
        let listener = try #require(try await daemon.start().first)
        let error = await #expect(throws: DaemonError.self) { try await daemon.start() }
        #expect(error?.description == "the daemon is running already")
        #expect(try await withClient(listener) { try $0.talk(["NOOP"]) }[1].hasPrefix("250"))
        #expect(await daemon.shutdown())
    }

    @Test func aDaemonCanBeStartedAgain() async throws {
        let daemon = Daemon(configuration: self.fixture.configuration())
        for turn in 1...3 {
            let listener = try #require(try await daemon.start().first)
            #expect(try await withClient(listener) { try $0.talk(["NOOP"]) }[1].hasPrefix("250"))
            #expect(await daemon.shutdown())
            #expect(self.fixture.logLines("Backend shutdown completed").count == turn)
            #expect(!self.directory.contents.contains("pid"))
        }
    }

    @Test func ofTwoStartsAtOnceOneSucceeds() async throws {
        let daemon = Daemon(configuration: self.fixture.configuration())
        async let one = try? daemon.start()
        async let two = try? daemon.start()
        let results = await [one, two]
        #expect(results.count { $0 != nil } == 1)
        #expect(await daemon.shutdown())
    }

    @Test func aFailedStartCanBeTriedAgain() async throws {
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        var configuration = self.fixture.configuration(port: port.number)
        configuration.backend.saveProcess = "later"
        let daemon = Daemon(configuration: configuration)
        await #expect(throws: DaemonError.self) { try await daemon.start() }
        #expect(await daemon.listeners.isEmpty)
        await daemon.addProcessor("Later") { _ in Later() }
        try await daemon.start()
        #expect(await daemon.listeners.map(\.address.port) == [port.number])
        #expect(await daemon.shutdown())
    }

    private struct Later: Processor {
        static let capabilities: ProcessorCapabilities = [.saves]
    }

    // MARK: Sockets of somebody else

    @Test func socketsThatListenAlreadyAreTakenByTheirServers() async throws {
        var configuration = self.fixture.configuration()
        configuration.servers.append(configuration.servers[0])
        configuration.servers[1].hostName = "second.example.com"
        let named = try ListeningSocket(host: "127.0.0.1", port: 0, name: "127.0.0.1:0")
        let byAddress = try ListeningSocket(host: "127.0.0.1", port: 0)
        configuration.servers[1].listenInterface = ListenInterface(
            host: "127.0.0.1",
            port: try #require(byAddress.address.port)
        )
        let daemon = Daemon(configuration: configuration)
        let listeners = try await daemon.start(on: [byAddress, named])
        #expect(listeners.map(\.address) == [named.address, byAddress.address])
        let greetings = [
            try await withClient(listeners[0]) { try $0.talk([]) }[0],
            try await withClient(listeners[1]) { try $0.talk([]) }[0],
        ]
        #expect(greetings[0].hasPrefix("220 mx.example.com "))
        #expect(greetings[1].hasPrefix("220 second.example.com "))
        #expect(await daemon.shutdown())
        #expect(named.descriptor == nil && byAddress.descriptor == nil)
    }

    @Test func aSocketThatNoServerWantsIsClosedAndTold() async throws {
        let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
        let daemon = Daemon(configuration: self.fixture.configuration())
        #expect(try await daemon.start(on: [socket]).first?.address != socket.address)
        #expect(socket.descriptor == nil)
        #expect(await daemon.shutdown())
        #expect(self.fixture.logLines("no server listens on \(socket.address.hostAndPort)").count == 1)
    }

    @Test func serversThatAreNotEnabledDoNotListen() async throws {
        var configuration = self.fixture.configuration()
        configuration.servers.append(configuration.servers[0])
        configuration.servers[1].isEnabled = false
        let daemon = Daemon(configuration: configuration)
        #expect(try await daemon.start().count == 1)
        #expect(await daemon.shutdown())
    }

    @Test func nobodyNeedNameAnAddress() async throws {
        var configuration = self.fixture.configuration()
        configuration.servers[0].listenInterface = ListenInterface(host: nil, port: 0)
        let daemon = Daemon(configuration: configuration)
        let listener = try #require(try await daemon.start().first)
        #expect(listener.interface == ":0")
        #expect(try await withClient(listener) { try $0.talk([]) }[0].hasPrefix("220 "))
        #expect(await daemon.shutdown())
    }

    // MARK: The log

    @Test func loggerOfADaemonThatDoesNotRunIsSilent() async throws {
        let daemon = Daemon(configuration: self.fixture.configuration())
        await daemon.logger.critical("unheard")
        #expect(self.directory.contents.isEmpty)
        try await daemon.start()
        await daemon.logger.info("heard")
        let kept = await daemon.logger
        #expect(await daemon.shutdown())
        await daemon.logger.critical("unheard")
        kept.critical("unheard")
        #expect(self.fixture.logLines("heard").count == 1)
        #expect(self.fixture.logLines("unheard").isEmpty)
    }

    @Test func startAndEndAreLogged() async throws {
        let daemon = Daemon(configuration: self.fixture.configuration())
        let listener = try #require(try await daemon.start().first)
        #expect(await daemon.shutdown())
        #expect(self.fixture.logLines("Listening on TCP \(listener.address.hostAndPort)\"").count == 1)
        #expect(self.fixture.logLines("pid_file (\(self.fixture.pidFile)) written with pid:").count == 1)
        #expect(self.fixture.logLines("Backend shutdown completed\"").count == 1)
    }

    @Test func hostThatNeverMatchesIsWarnedAbout() async throws {
        var configuration = self.fixture.configuration()
        configuration.allowedHosts = ["example.com", "bad host"]
        let daemon = Daemon(configuration: configuration)
        try await daemon.start()
        #expect(await daemon.shutdown())
        #expect(self.fixture.logLines("allowed_hosts: \\\"bad host\\\" never matches: ").count == 1)
    }

    @Test func chainThatStoresNothingIsWarnedAbout() async throws {
        let daemon = Daemon(configuration: self.fixture.configuration())
        try await daemon.start()
        #expect(await daemon.shutdown())
        let warnings = self.fixture.logLines("no processor of save_process stores messages: ")
        #expect(warnings.count == 1)
        #expect(warnings.allSatisfy { $0.contains(" level=warning ") })
    }
}
