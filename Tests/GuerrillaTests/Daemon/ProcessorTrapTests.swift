#if SQLite
import Guerrilla
import GuerrillaBackend
import GuerrillaMail
import GuerrillaSQLite
import GuerrillaTestSupport
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A trap in a processor ends the process, as any trap does. What was acknowledged by then is in the store.
struct ProcessorTrapTests {
    private static let sessions = 30

    /// Ends the process at its 300th message, before or after the rest of the chain has stored it.
    private final class Trap: Processor {
        static let capabilities: ProcessorCapabilities = [.saves]
        private let count = Atomic(0)
        private let isAfterTheStore: Bool

        init(isAfterTheStore: Bool) {
            self.isAfterTheStore = isAfterTheStore
        }

        func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
            let isDue = self.count.add(1, ordering: .relaxed).newValue == 300
            if isDue, !self.isAfterTheStore { fatalError("a mistake in a processor") }
            let verdict = try await next(&envelope)
            if isDue { fatalError("a mistake in a processor") }
            return verdict
        }
    }

    private static func configuration(_ directory: String, chain: String) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(hostName: "mx.example.com")
        configuration.servers[0].listenInterface = ListenInterface(host: "127.0.0.1", port: 0)
        configuration.allowedHosts = ["example.com"]
        configuration.backend.saveProcess = chain
        configuration.backend.saveTimeout = patience
        configuration.backend.values["sqlite_path"] = .string("\(directory)/mail.sqlite")
        configuration.eventLoops = 1
        configuration.maximumMessageMemory = 1 << 24
        configuration.logFile = .off
        configuration.pidFile = nil
        configuration.shutdownTimeout = patience
        return configuration
    }

    /// A daemon under load that never ends by itself: thirty sessions, each writing every queued id it is given into a file of its
    /// own before it says its next word.
    private static func runUntilItTraps(directory: String, isAfterTheStore: Bool) async throws {
        var registry = ProcessorRegistry.standard
        registry.register(ProcessorDescription("Trap", Trap.self) { _ in Trap(isAfterTheStore: isAfterTheStore) })
        let daemon = Daemon(
            configuration: self.configuration(directory, chain: "HeadersParser|Header|Trap|sqlite"),
            registry: registry
        )
        guard let listener = try await daemon.start().first else { return }
        try await withThrowingTaskGroup { group in
            for session in 0..<self.sessions {
                group.addTask {
                    try await withClient(listener) { client in
                        let record = open("\(directory)/acknowledged-\(session)", O_WRONLY | O_CREAT | O_APPEND, 0o600)
                        _ = try client.readReply()
                        _ = try client.command("EHLO client.example")
                        while true {
                            _ = try client.command("MAIL FROM:<>")
                            _ = try client.command("RCPT TO:<a@example.com>")
                            _ = try client.command("DATA")
                            let reply = try client.command("x\r\n.")
                            guard reply.hasPrefix("250 "), let id = reply.split(separator: " ").last else { return }
                            let line = Array("\(id)\n".utf8)
                            guard write(record, line, line.count) == line.count else { return }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: [false, true])
    func whatWasAcknowledgedIsStored(_ isAfterTheStore: Bool) async throws {
        let files = TemporaryDirectory()
        let directory = files.path
        await #expect(processExitsWith: .failure) { [path = directory as String, isLate = isAfterTheStore as Bool] in
            try await ProcessorTrapTests.runUntilItTraps(directory: path, isAfterTheStore: isLate)
        }
        let acknowledged = (0..<Self.sessions).flatMap { files.lines("acknowledged-\($0)") ?? [] }
        #expect(acknowledged.count >= 100)

        // It starts again, with what it has, and goes on.
        let daemon = Daemon(configuration: Self.configuration(directory, chain: "HeadersParser|Header|sqlite"))
        let listener = try #require(try await daemon.start().first)
        let reply = try await withClient(listener) { client in
            try client.talk(BlockingClient.transaction(to: ["a@example.com"]) + ["x\r\n."]).last ?? ""
        }
        #expect(reply.hasPrefix("250 2.0.0 "))
        let reader = try SQLiteMessageReader(readingFrom: files.path("mail.sqlite"))
        let stored = Set(try reader.list(limit: 100_000).map(\.queuedID))
        #expect(Set(acknowledged).isSubset(of: stored))
        await daemon.shutdown()
    }
}
#endif
