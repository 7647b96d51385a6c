import Guerrilla
import GuerrillaBackend
import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Synchronization

/// What tests start daemons with: a directory of their own and a configuration that listens on 127.0.0.1.
struct DaemonFixture {
    let directory = TemporaryDirectory()
    var pidFile: String { self.directory.path("pid") }

    /// - Parameter port: 0 lets the system choose one.
    func configuration(port: Int = 0) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(hostName: "mx.example.com")
        configuration.servers[0].listenInterface = ListenInterface(host: "127.0.0.1", port: port)
        // A client of a test waits for other tests to run: no reason to send it away.
        configuration.servers[0].connection.timeout = patience
        configuration.allowedHosts = ["example.com"]
        configuration.backend.saveProcess = ""
        configuration.eventLoops = 1
        configuration.maximumMessageMemory = 1 << 24
        configuration.logFile = .file(self.directory.path("log"))
        configuration.logLevel = .info
        configuration.pidFile = self.pidFile
        configuration.shutdownTimeout = patience
        return configuration
    }

    /// The lines of the log with that message.
    func logLines(_ message: String) -> [String] {
        (self.directory.lines("log") ?? []).filter { $0.contains(" msg=\"\(message)") }
    }
}

extension DaemonConfiguration {
    /// Adds servers that together want more clients than any system has files: 2,200,000,000.
    mutating func wantTooManyClients() {
        var server = ServerConfiguration(listenInterface: ListenInterface(host: "127.0.0.1", port: 0))
        server.connection.maximumClients = 1_000_000
        self.servers += Array(repeating: server, count: 2_200)
    }
}

/// Runs a blocking client on a thread of its own.
func withClient<R: Sendable>(
    _ listener: Daemon.Listener,
    _ body: @escaping @Sendable (BlockingClient) throws -> R
) async throws -> R {
    let port = listener.address.port ?? 0
    return try await onThread { try body(BlockingClient(port: port)) }
}

extension BlockingClient {
    /// Sends commands after the greeting and returns the last line of every reply, the greeting's first.
    func talk(_ commands: [String]) throws -> [String] {
        try [self.readReply().last ?? "closed"] + commands.map { try self.command($0) }
    }

    /// Everything before the message itself.
    static func transaction(from: String = "alice@example.org", to recipients: [String]) -> [String] {
        ["EHLO client.example", "MAIL FROM:<\(from)>"] + recipients.map { "RCPT TO:<\($0)>" } + ["DATA"]
    }
}

/// A backend that keeps messages in memory and does what else a test tells it.
final class TestBackend: Backend {
    struct Failure: Error, CustomStringConvertible {
        let description = "this backend was not to start"
    }

    private struct State {
        var envelopes: [Envelope] = []
        var shutdowns = 0
    }

    let validatesRecipients = false
    private let state = Mutex(State())
    private let onStart: @Sendable () async throws -> Void
    private let onSave: @Sendable () async throws -> Void

    init(
        onStart: @escaping @Sendable () async throws -> Void = {},
        onSave: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.onStart = onStart
        self.onSave = onSave
    }

    var envelopes: [Envelope] { self.state.withLock { $0.envelopes } }
    var shutdowns: Int { self.state.withLock { $0.shutdowns } }

    func start() async throws { try await self.onStart() }

    func save(_ envelope: inout Envelope) async throws -> SaveVerdict {
        try await self.onSave()
        let envelope = envelope
        self.state.withLock { $0.envelopes.append(envelope) }
        return .stored
    }

    func validate(_ recipient: Recipient, in envelope: borrowing Envelope) async throws -> RecipientVerdict {
        .accepted
    }

    func shutdown(deadline: ContinuousClock.Instant) async {
        self.state.withLock { $0.shutdowns += 1 }
    }
}
