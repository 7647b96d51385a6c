import GuerrillaBackend
import GuerrillaMail
import GuerrillaTestSupport
import InMemoryLogging
import Logging
import Synchronization
import Testing

@testable import Guerrilla

struct FreeSpaceMonitorTests {
    private let space = StorageSpace()
    private let log = InMemoryLogHandler()
    private let free = FreeOctets()

    /// What a test says is free, by directory.
    private final class FreeOctets: Sendable {
        private let octets = Mutex<[String: Int]>([:])

        subscript(directory: String) -> Int? {
            get { self.octets.withLock { $0[directory] } }
            set { self.octets.withLock { $0[directory] = newValue } }
        }
    }

    private func makeMonitor(_ directories: String...) -> FreeSpaceMonitor {
        let (log, free) = (self.log, self.free)
        return FreeSpaceMonitor(
            space: self.space,
            directories: directories,
            minimum: 1_000,
            logger: Logger(label: "test") { _ in log },
            freeOctets: { free[$0] }
        )
    }

    @Test func everyChangeIsLoggedOnce() {
        let monitor = self.makeMonitor("/a")
        for (octets, isLow) in [(1_000, false), (999, true), (0, true), (1_000, false), (5_000, false), (1, true)] {
            self.free["/a"] = octets
            monitor.check()
            #expect(self.space.isLow == isLow)
        }
        #expect(self.log.entries.map(\.level) == [.error, .info, .error])
        #expect(self.log.entries.first?.metadata["free"] == "999")
        #expect(self.log.entries.first?.metadata["directory"] == "/a")
    }

    @Test func everyDirectoryNeedsRoom() {
        let monitor = self.makeMonitor("/a", "/b")
        self.free["/a"] = 5_000
        self.free["/b"] = 10
        monitor.check()
        #expect(self.space.isLow)
        self.free["/b"] = 1_000
        monitor.check()
        #expect(!self.space.isLow)
    }

    @Test func whatIsNotKnownChangesNothing() {
        let monitor = self.makeMonitor("/a")
        monitor.check()
        #expect(!self.space.isLow)
        self.free["/a"] = 1
        monitor.check()
        self.free["/a"] = nil
        monitor.check()
        #expect(self.space.isLow)
        #expect(self.log.entries.count == 1)
    }

    @Test func itLooksAgainUntilItIsCancelled() async {
        let monitor = self.makeMonitor("/a")
        self.free["/a"] = 1
        let task = monitor.start()
        #expect(await eventually { self.space.isLow })
        self.free["/a"] = 1_000
        #expect(await eventually { !self.space.isLow })
        task.cancel()
        await task.value
    }

    @Test func theSystemSaysWhatIsFree() {
        let directory = TemporaryDirectory()
        #expect(FreeSpace.octets(at: directory.path) ?? 0 > 0)
        #expect(FreeSpace.octets(at: directory.path("missing")) == nil)
    }

    #if SQLite
    @Test(arguments: [
        ("/var/lib/mail.sqlite", "/var/lib"), ("/mail.sqlite", "/"), ("mail.sqlite", "."), ("a/mail.sqlite", "a"),
    ])
    func theStoreIsWhereItsFileIs(_ path: String, _ directory: String) {
        var configuration = DaemonFixture().configuration()
        #expect(configuration.backend.storeDirectories(.standard).isEmpty)
        configuration.backend.saveProcess = "HeadersParser|sqlite"
        configuration.backend.values["sqlite_path"] = .string(path)
        #expect(configuration.backend.storeDirectories(.standard) == [directory])
    }

    private struct Own: Processor {
        static let capabilities: ProcessorCapabilities = [.saves]
    }

    /// What a chain uses of the machine is asked of the processors that the daemon was given.
    @Test func aRegistryOfItsOwnKeepsWatchAndChecks() async throws {
        let fixture = DaemonFixture()
        var registry = ProcessorRegistry.standard
        registry.register(ProcessorDescription("MyOwn", Own.self) { _ in Own() })
        var configuration = fixture.configuration()
        configuration.backend.saveProcess = "HeadersParser|MyOwn|sqlite"
        configuration.backend.values["sqlite_path"] = .string(fixture.directory.path("mail.sqlite"))
        configuration.minimumFreeSpace = .max
        let daemon = Daemon(configuration: configuration, registry: registry)
        let listener = try #require(try await daemon.start().first)
        let replies = try await withClient(listener) { try $0.talk(["HELO c.example", "MAIL FROM:<>", "QUIT"]) }
        #expect(replies[2] == "452 4.3.1 Error: insufficient system storage")
        #expect(await daemon.shutdown())

        configuration.pidFile = fixture.directory.path("mail.sqlite")
        let refused = Daemon(configuration: configuration, registry: registry)
        let error = await #expect(throws: DaemonError.self) { try await refused.start() }
        #expect(error?.description.contains("is the same file as backend_config.sqlite_path") == true)
    }

    @Test func aDaemonWithoutRoomRefusesMailFromTheStart() async throws {
        let fixture = DaemonFixture()
        var configuration = fixture.configuration()
        configuration.backend.saveProcess = "HeadersParser|sqlite"
        configuration.backend.values["sqlite_path"] = .string(fixture.directory.path("mail.sqlite"))
        configuration.minimumFreeSpace = .max
        let daemon = Daemon(configuration: configuration)
        let listener = try #require(try await daemon.start().first)
        let replies = try await withClient(listener) { try $0.talk(["HELO c.example", "MAIL FROM:<>", "QUIT"]) }
        #expect(replies[2] == "452 4.3.1 Error: insufficient system storage")
        #expect(await daemon.shutdown())
        #expect(fixture.logLines("Too little disk space").count == 1)
    }
    #endif
}
