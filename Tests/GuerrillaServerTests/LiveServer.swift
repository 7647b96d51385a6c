import Foundation
import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import GuerrillaServer
import GuerrillaTestSupport
import InMemoryLogging
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A server on 127.0.0.1, port chosen by the system, with a backend that a test steers.
final class LiveServer: Sendable {
    let server: SMTPServer
    let gateway = Gateway()
    let resources: ServerResources
    let backend: SteeredBackend
    let log = InMemoryLogHandler()
    let records = Recorder<MessageRecord>()
    let port: Int
    /// For all servers: with loops of their own, hundreds at once would need more than 1,024 file descriptors.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)

    init(
        backend: SteeredBackend = SteeredBackend(),
        budget: MemoryBudget = MemoryBudget(limit: 1 << 28),
        timeouts: Gateway.Timeouts = Gateway.Timeouts(save: patience, validate: patience),
        settings: ServerSettings = .testing()
    ) async throws {
        self.backend = backend
        let handler = self.log
        var logger = Logger(label: "test") { _ in handler }
        logger.logLevel = .debug
        try await self.gateway.start(backend, timeouts: timeouts)
        self.resources = ServerResources(
            eventLoopGroup: Self.group,
            memoryBudget: budget,
            gateway: self.gateway,
            allowedHosts: AllowedHosts(["example.com"])
        )
        var settings = settings
        settings.logger = logger
        let records = self.records
        settings.messageLog = { records.append($1()) }
        self.server = try await SMTPServer(settings: settings, resources: self.resources)
        let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
        try await self.server.listen(on: socket)
        self.port = socket.address.port ?? 0
    }

    func stop() async {
        _ = await self.server.shutdown(deadline: .now + .seconds(2))
        await self.gateway.shutdown(deadline: .now + .seconds(2))
    }

    /// Runs a blocking client beside the server.
    func withClient<R: Sendable>(_ body: @escaping @Sendable (BlockingClient) throws -> R) async throws -> R {
        let port = self.port
        return try await withCheckedThrowingContinuation { continuation in
            // A thread each: in a pool, clients that wait for one another might never begin.
            Thread.detachNewThread {
                continuation.resume(with: Result { try body(BlockingClient(port: port)) })
            }
        }
    }

    /// Starts a server, hands it to `body` and stops it whatever happens.
    static func with(
        backend: SteeredBackend = SteeredBackend(),
        budget: MemoryBudget = MemoryBudget(limit: 1 << 28),
        timeouts: Gateway.Timeouts = Gateway.Timeouts(save: patience, validate: patience),
        settings: ServerSettings = .testing(),
        _ body: (LiveServer) async throws -> Void
    ) async throws {
        let live = try await LiveServer(backend: backend, budget: budget, timeouts: timeouts, settings: settings)
        do {
            try await body(live)
        } catch {
            await live.stop()
            throw error
        }
        await live.stop()
    }
}

extension ServerSettings {
    /// The settings of a server under test; ``LiveServer`` puts its own logger in. No clock runs out by itself.
    static func testing(_ configure: (inout ServerSettings) -> Void = { _ in }) -> ServerSettings {
        let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var settings = ServerSettings(hostName: "mail.example.com", version: "test", logger: silent)
        settings.connection.commandTimeout = patience
        settings.connection.dataTimeout = patience
        settings.connection.proxyTimeout = patience
        configure(&settings)
        return settings
    }
}

/// Values collected from several threads, to be waited for.
final class Recorder<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    func append(_ value: Value) {
        self.values.withLock { $0.append(value) }
    }

    var all: [Value] { self.values.withLock { $0 } }

    /// Waits until `count` values are there.
    func wait(for count: Int) async -> [Value] {
        await eventually { self.all.count >= count }
        return self.all
    }
}

/// A backend that stores in memory, and does what else a test tells it.
final class SteeredBackend: Backend {
    let messages = Recorder<Envelope>()
    let validatesRecipients: Bool
    private let onSave: @Sendable (Envelope) async throws -> SaveVerdict
    private let onValidate: @Sendable (Recipient) async throws -> RecipientVerdict
    private let shutdowns = Recorder<Void>()
    var isShutDown: Bool { !self.shutdowns.all.isEmpty }

    init(
        save: @escaping @Sendable (Envelope) async throws -> SaveVerdict = { _ in .stored },
        validate: (@Sendable (Recipient) async throws -> RecipientVerdict)? = nil
    ) {
        self.onSave = save
        self.onValidate = validate ?? { _ in .accepted }
        self.validatesRecipients = validate != nil
    }

    func start() async throws {}

    func save(_ envelope: inout Envelope) async throws -> SaveVerdict {
        let verdict = try await self.onSave(envelope)
        self.messages.append(envelope)
        return verdict
    }

    func validate(_ recipient: Recipient, in envelope: borrowing Envelope) async throws -> RecipientVerdict {
        try await self.onValidate(recipient)
    }

    func shutdown(deadline: ContinuousClock.Instant) async {
        self.shutdowns.append(())
    }
}

/// Something that a test opens and others wait for.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func open() {
        let waiters = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The same on a thread of one's own.
    func blockUntilOpen() -> Bool {
        blockUntil { self.state.withLock { $0.isOpen } }
    }

    func wait() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isOpen = self.state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
