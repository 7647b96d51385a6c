import GuerrillaBackend
import GuerrillaMail
import GuerrillaProcessors
import InMemoryLogging
import Logging
import NIOCore
import Synchronization

/// Runs messages through a chain of built-in processors and keeps what comes out at its end.
struct ProcessorHarness {
    /// The last processor of every chain here: it keeps what it is given, as a store would.
    struct Keeper: Processor {
        static let capabilities: ProcessorCapabilities = [.saves, .stores]
        let kept: Kept

        func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
            self.kept.append(envelope)
            return .stored
        }
    }

    /// The envelopes that reached the end.
    final class Kept: Sendable {
        private let envelopes = Mutex<[Envelope]>([])
        var all: [Envelope] { self.envelopes.withLock { $0 } }
        func append(_ envelope: Envelope) { self.envelopes.withLock { $0.append(envelope) } }
        func removeAll() { self.envelopes.withLock { $0 = [] } }
    }

    let kept = Kept()
    private let handler = InMemoryLogHandler()
    private let registry: ProcessorRegistry

    /// - Parameter replacements: Processors to be used in the place of the built-in ones of their names.
    init(_ replacements: [@Sendable (Logger) -> ProcessorDescription] = []) {
        let kept = self.kept
        var registry = ProcessorRegistry(BuiltInProcessors.all)
        registry.register(ProcessorDescription("keep", Keeper.self) { _ in Keeper(kept: kept) })
        let logger = Self.logger(self.handler)
        for replacement in replacements { registry.register(replacement(logger)) }
        self.registry = registry
    }

    /// What was logged, the least severe included.
    var log: [InMemoryLogHandler.Entry] { self.handler.entries }

    /// Makes the chain `names|keep`.
    func chain(
        _ names: String,
        configuration: ProcessorConfiguration = ProcessorConfiguration()
    ) throws -> ProcessorChain {
        try ProcessorChain(
            save: "\(names)|keep",
            registry: self.registry,
            context: ProcessorContext(
                configuration: configuration,
                logger: Self.logger(self.handler),
                primaryMailHost: "mail.example.com"
            )
        )
    }

    /// Sends a message through a chain.
    /// - Returns: The envelope as the processor behind the chain got it.
    func pass(_ envelope: Envelope, through names: String) async throws -> Envelope? {
        var envelope = envelope
        guard try await self.chain(names).save(&envelope) == .stored else { return nil }
        return self.kept.all.last
    }

    private static func logger(_ handler: InMemoryLogHandler) -> Logger {
        var logger = Logger(label: "test") { _ in handler }
        logger.logLevel = .trace
        return logger
    }
}

extension Envelope {
    /// A message from `alice@example.org` to `bob@example.com` by EHLO, received on 2026-11-21 at 08:06:48 UTC.
    static func sample(_ data: MessageData = .empty) -> Envelope {
        Envelope(
            queuedID: QueuedID(text: "7f3a09"),
            client: ClientInfo(
                address: IPAddress("192.0.2.1"),
                port: 40_001,
                helo: .name("client.example"),
                isExtended: true,
                serverName: "mx.example.org"
            ),
            reversePath: .mailbox(Mailbox(localPart: "alice", domain: .name("example.org"))),
            recipients: [.sample("bob")],
            data: data,
            receivedAt: 1_795_248_408_123_456
        )
    }

    static func sample(_ text: String) -> Envelope {
        self.sample(MessageData(ByteBuffer(string: text)))
    }
}

extension Recipient {
    static func sample(_ localPart: String) -> Recipient {
        Recipient(.mailbox(Mailbox(localPart: localPart, domain: .name("example.com"))))
    }
}

extension MessageData {
    /// A message as it arrives: in chunks, which are several beyond 256 KiB.
    static func received(_ text: String, budget: MemoryBudget = MemoryBudget(limit: 1 << 26)) -> MessageData {
        var builder = MessageDataBuilder(memory: MessageMemory(budget: budget))
        var text = text
        let isWithinBudget = text.withUTF8 { builder.append(UnsafeRawBufferPointer($0)) }
        precondition(isWithinBudget, "the budget is larger than any message of these tests")
        return builder.build()
    }

    /// Whether the octets are in more than one chunk.
    var isInChunks: Bool { self.withContiguousBytes { _ in true } == nil }
}
