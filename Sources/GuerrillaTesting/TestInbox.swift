public import Guerrilla
public import GuerrillaBackend
public import GuerrillaMail
import Logging
import NIOCore
import Synchronization

/// A mail server inside a test: whatever an application sends to it is kept in memory.
///
/// ```swift
/// let inbox = try await TestInbox.start()
/// try await signUp("someone@example.com", smtpPort: inbox.port)
/// let mail = try await inbox.next()
/// #expect(mail.subject == "Welcome")
/// await inbox.stop()
/// ```
///
/// It listens on 127.0.0.1, on a port that the system chooses, and takes mail for every domain. Two of them know nothing of each other.
public final class TestInbox: Sendable {
    /// The most messages that are kept; beyond, senders are told to try again later. The limit of a test that has gone wrong.
    public static let capacity = 10_000

    /// Where it listens.
    public let port: Int
    private let daemon: Daemon
    private let box: Box

    private init(daemon: Daemon, box: Box, port: Int) {
        self.daemon = daemon
        self.box = box
        self.port = port
    }

    /// Starts an inbox.
    /// - Parameters:
    ///   - configure: Changes the configuration of the server, for example its limits or its TLS.
    ///   - answering: What the sender is answered about a message, asked before it is kept; only ``GuerrillaBackend/SaveVerdict/stored`` keeps it. Throwing
    ///     looks like a store in trouble. The default keeps everything.
    /// - Throws: What prevents the start, in one sentence.
    public static func start(
        configure: (inout DaemonConfiguration) -> Void = { _ in },
        answering: @escaping @Sendable (Envelope) async throws -> SaveVerdict = { _ in .stored }
    ) async throws -> TestInbox {
        let box = Box(answering: answering)
        var registry = ProcessorRegistry.standard
        registry.register(ProcessorDescription("TestInbox", Box.self) { _ in box })
        var configuration = DaemonConfiguration(hostName: "localhost")
        configuration.servers[0].listenInterface = ListenInterface(host: "127.0.0.1", port: 0)
        // Tests that run side by side keep each other waiting.
        configuration.servers[0].timeout = .seconds(300)
        configuration.allowedHosts = ["."]
        configuration.logFile = .off
        configuration.eventLoops = 1
        configuration.backend.saveProcess = "HeadersParser|Header|TestInbox"
        configure(&configuration)
        let daemon = Daemon(configuration: configuration, registry: registry)
        let listeners = try await daemon.start()
        return TestInbox(daemon: daemon, box: box, port: listeners.first?.address.port ?? 0)
    }

    /// Everything received and not taken by ``next(within:where:)``, oldest first.
    public var messages: [Envelope] { self.box.messages }

    /// Takes the oldest message for which `condition` holds, or waits for it.
    /// - Parameters:
    ///   - patience: How long to wait. The default is 30 seconds.
    ///   - condition: Which message is wanted; the others stay.
    /// - Throws: ``NoMail`` when none has come in time.
    public func next(
        within patience: Duration = .seconds(30),
        where condition: @escaping @Sendable (Envelope) -> Bool = { _ in true }
    ) async throws -> Envelope {
        try await self.box.next(within: patience, where: condition)
    }

    /// Forgets all messages.
    public func removeAll() {
        self.box.removeAll()
    }

    /// Stops the server. Messages stay.
    public func stop() async {
        await self.daemon.shutdown()
    }

    /// Nothing came.
    public struct NoMail: Error, CustomStringConvertible {
        /// How long was waited.
        public let patience: Duration
        /// How many messages were there that were not wanted.
        public let others: Int

        /// One sentence.
        public var description: String {
            "no message was received within \(self.patience)"
                + (self.others > 0 ? "; \(self.others) others were, which were not wanted" : "")
        }
    }
}

/// The end of a ``TestInbox``'s chain.
private final class Box: Processor {
    static let capabilities: ProcessorCapabilities = [.saves, .stores]

    private struct Waiter {
        let condition: @Sendable (Envelope) -> Bool
        let answer: FirstAnswer<Envelope>
    }

    private struct State {
        var messages: [Envelope] = []
        var waiters: [Waiter] = []
    }

    private let state = Mutex(State())
    private let answering: @Sendable (Envelope) async throws -> SaveVerdict

    init(answering: @escaping @Sendable (Envelope) async throws -> SaveVerdict) {
        self.answering = answering
    }

    var messages: [Envelope] { self.state.withLock { $0.messages } }

    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        let verdict = try await self.answering(envelope)
        guard verdict == .stored else { return verdict }
        let message = envelope
        let waiter = try self.state.withLock { state -> Waiter? in
            if let index = state.waiters.firstIndex(where: { $0.condition(message) }) {
                return state.waiters.remove(at: index)
            }
            guard state.messages.count < TestInbox.capacity else { throw Full() }
            state.messages.append(message)
            return nil
        }
        waiter?.answer.give(message)
        return .stored
    }

    func next(
        within patience: Duration,
        where condition: @escaping @Sendable (Envelope) -> Bool
    ) async throws -> Envelope {
        let answer = FirstAnswer<Envelope>()
        let found = self.state.withLock { state -> Envelope? in
            if let index = state.messages.firstIndex(where: condition) { return state.messages.remove(at: index) }
            state.waiters.append(Waiter(condition: condition, answer: answer))
            return nil
        }
        if let found { return found }
        // Not before there is somebody to give up.
        let timer = Task {
            try await Task.sleep(for: patience)
            self.giveUp(answer)
        }
        defer { timer.cancel() }
        guard let message = await answer.wait() else {
            throw TestInbox.NoMail(patience: patience, others: self.messages.count)
        }
        return message
    }

    /// A message that comes at this very moment is either given to the waiter or kept.
    private func giveUp(_ answer: FirstAnswer<Envelope>) {
        let isWaiting = self.state.withLock { state in
            let count = state.waiters.count
            state.waiters.removeAll { $0.answer === answer }
            return state.waiters.count < count
        }
        if isWaiting { answer.give(nil) }
    }

    func removeAll() {
        self.state.withLock { $0.messages = [] }
    }

    private struct Full: Error, CustomStringConvertible {
        var description: String { "the test inbox is full: it keeps \(TestInbox.capacity) messages" }
    }
}
