public import Guerrilla
public import GuerrillaBackend
public import GuerrillaMail
import Logging
import NIOCore
import Synchronization

/// A mail server inside a test: whatever an application sends to it is kept in memory.
///
/// ```swift
/// try await TestInbox.with { inbox in
///     try await signUp("someone@example.com", smtpPort: inbox.port)
///     let mail = try await inbox.next()
///     #expect(mail.subject == "Welcome")
/// }
/// ```
///
/// ``start(configure:answering:)`` gives one that has to be stopped: without ``stop()`` it goes on listening until the process ends.
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

    /// Starts an inbox, and stops it when `body` has returned or thrown.
    /// - Parameters:
    ///   - configure: As for ``start(configure:answering:)``.
    ///   - answering: As for ``start(configure:answering:)``.
    ///   - body: What is done with the inbox.
    /// - Returns: What `body` returns.
    /// - Throws: What prevents the start, in one sentence, or what `body` throws.
    public static func with<Result>(
        configure: (inout DaemonConfiguration) -> Void = { _ in },
        answering: @escaping @Sendable (Envelope) async throws -> SaveVerdict = { _ in .stored },
        _ body: (TestInbox) async throws -> Result
    ) async throws -> Result {
        let inbox = try await Self.start(configure: configure, answering: answering)
        do {
            let result = try await body(inbox)
            await inbox.stop()
            return result
        } catch {
            await inbox.stop()
            throw error
        }
    }

    /// Starts an inbox, which whoever starts it has to ``stop()``.
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
        configuration.servers[0].connection.timeout = .seconds(300)
        configuration.allowedHosts = ["."]
        configuration.logFile = .off
        configuration.eventLoops = 1
        // Nobody waits for a sender that a test has left in the middle of a message.
        configuration.shutdownTimeout = .seconds(5)
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
    /// - Throws: ``NoMail`` when none has come in time, ``Stopped`` when none will come, `CancellationError` when the task is cancelled.
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

    /// Stops the server. Messages stay; nobody waits for one any longer. Senders whose message is just being answered are told to try again,
    /// and those in the middle of one are cut off after five seconds.
    public func stop() async {
        self.box.stop()
        await self.daemon.shutdown()
    }

    /// The inbox was stopped, and has no message that is wanted.
    public struct Stopped: Error, CustomStringConvertible {
        /// One sentence.
        public var description: String { "the test inbox was stopped" }
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

    private typealias Answer = FirstAnswer<Result<SaveVerdict, any Error>>

    private struct Waiter {
        let condition: @Sendable (Envelope) -> Bool
        let message: FirstAnswer<Envelope>
    }

    private struct State {
        var messages: [Envelope] = []
        var waiters: [Waiter] = []
        /// What is being asked about messages.
        var answers: [Answer] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let answering: @Sendable (Envelope) async throws -> SaveVerdict

    init(answering: @escaping @Sendable (Envelope) async throws -> SaveVerdict) {
        self.answering = answering
    }

    var messages: [Envelope] { self.state.withLock { $0.messages } }

    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        let message = envelope
        let verdict = try await self.verdict(on: message)
        guard verdict == .stored else { return verdict }
        let waiter = try self.state.withLock { state -> Waiter? in
            if let index = state.waiters.firstIndex(where: { $0.condition(message) }) {
                return state.waiters.remove(at: index)
            }
            guard state.messages.count < TestInbox.capacity else { throw Full() }
            state.messages.append(message)
            return nil
        }
        waiter?.message.give(message)
        return .stored
    }

    /// Asks in a task of its own, for which nobody waits when the inbox stops. It begins here and now: the threads that tasks share may all
    /// be waiting for their mail to be taken.
    private func verdict(on message: Envelope) async throws -> SaveVerdict {
        let answer = Answer()
        let isStopped = self.state.withLock { state in
            state.answers.append(answer)
            return state.isStopped
        }
        defer { self.state.withLock { $0.answers.removeAll { $0 === answer } } }
        guard !isStopped else { throw TestInbox.Stopped() }
        let task = Task.immediate {
            do {
                answer.give(.success(try await self.answering(message)))
            } catch {
                answer.give(.failure(error))
            }
        }
        defer { task.cancel() }
        let result = await withTaskCancellationHandler {
            await answer.wait()
        } onCancel: {
            task.cancel()
        }
        guard let result else { throw TestInbox.Stopped() }
        return try result.get()
    }

    func next(
        within patience: Duration,
        where condition: @escaping @Sendable (Envelope) -> Bool
    ) async throws -> Envelope {
        let message = FirstAnswer<Envelope>()
        let (found, isStopped) = self.state.withLock { state -> (Envelope?, Bool) in
            if let index = state.messages.firstIndex(where: condition) {
                return (state.messages.remove(at: index), state.isStopped)
            }
            if !state.isStopped { state.waiters.append(Waiter(condition: condition, message: message)) }
            return (nil, state.isStopped)
        }
        if let found { return found }
        if isStopped { throw TestInbox.Stopped() }
        // Not before there is somebody to give up.
        let timer = Task {
            try await Task.sleep(for: patience)
            self.giveUp(message)
        }
        defer { timer.cancel() }
        let received = await withTaskCancellationHandler {
            await message.wait()
        } onCancel: {
            self.giveUp(message)
        }
        if let received { return received }
        try Task.checkCancellation()
        let (isOver, others) = self.state.withLock { ($0.isStopped, $0.messages.count) }
        throw isOver ? TestInbox.Stopped() as any Error : TestInbox.NoMail(patience: patience, others: others)
    }

    /// A message that comes at this very moment is either given to the waiter or kept.
    private func giveUp(_ message: FirstAnswer<Envelope>) {
        let isWaiting = self.state.withLock { state in
            let count = state.waiters.count
            state.waiters.removeAll { $0.message === message }
            return state.waiters.count < count
        }
        if isWaiting { message.give(nil) }
    }

    func removeAll() {
        self.state.withLock { $0.messages = [] }
    }

    /// Nobody waits from now on: neither for a message nor for what a test says about one.
    func stop() {
        let (waiters, answers) = self.state.withLock { state in
            state.isStopped = true
            defer { state.waiters = [] }
            return (state.waiters, state.answers)
        }
        for waiter in waiters { waiter.message.give(nil) }
        for answer in answers { answer.give(nil) }
    }

    private struct Full: Error, CustomStringConvertible {
        var description: String { "the test inbox is full: it keeps \(TestInbox.capacity) messages" }
    }
}
