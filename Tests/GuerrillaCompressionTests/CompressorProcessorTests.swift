#if Compression
import GuerrillaBackend
import GuerrillaCompression
import GuerrillaMail
import GuerrillaProcessors
import GuerrillaSMTP
import Logging
import NIOCore
import Synchronization
import Testing

struct CompressorProcessorTests {
    /// The last processor of the chains here.
    private struct Keeper: Processor {
        static let capabilities: ProcessorCapabilities = [.saves, .stores]
        let kept: Kept

        func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
            self.kept.envelope.withLock { $0 = envelope }
            return .stored
        }
    }

    private final class Kept: Sendable {
        let envelope = Mutex<Envelope?>(nil)
    }

    /// What the store behind the chain gets.
    private func pass(
        _ envelope: Envelope,
        through names: String = "Header|Compressor",
        values: ConfigurationObject = ConfigurationObject(),
        lineEndings: StoredLineEndings = .crlf
    ) async throws -> Envelope {
        let kept = Kept()
        var registry = ProcessorRegistry(BuiltInProcessors.all)
        registry.register(CompressorProcessor.description)
        registry.register(ProcessorDescription("keep", Keeper.self) { _ in Keeper(kept: kept) })
        let chain = try ProcessorChain(
            save: "\(names)|keep",
            registry: registry,
            context: ProcessorContext(
                configuration: ProcessorConfiguration(values: values),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                primaryMailHost: "mx.example.org",
                storedLineEndings: lineEndings
            )
        )
        var envelope = envelope
        #expect(try await chain.save(&envelope) == .stored)
        return try #require(kept.envelope.withLock { $0 })
    }

    private func envelope(_ data: MessageData) -> Envelope {
        Envelope(
            queuedID: QueuedID(text: "7f3a09"),
            client: ClientInfo(address: IPAddress("192.0.2.1"), serverName: "mx.example.org"),
            reversePath: .mailbox(Mailbox(localPart: "alice", domain: .name("example.org"))),
            recipients: ["bob", "carol"].map {
                Recipient(.mailbox(Mailbox(localPart: $0, domain: .name("example.com"))))
            },
            data: data,
            receivedAt: 1_795_248_408_123_456
        )
    }

    private func envelope(_ text: String) -> Envelope { self.envelope(MessageData(ByteBuffer(string: text))) }

    /// A message as it arrives, in chunks of the budget.
    private func received(_ octets: [UInt8], budget: MemoryBudget) throws -> MessageData {
        var builder = MessageDataBuilder(memory: MessageMemory(budget: budget))
        try #require(octets.withUnsafeBytes { builder.append($0) })
        return builder.build()
    }

    /// Octets that do not compress.
    private func noise(_ count: Int) -> [UInt8] {
        var state: UInt64 = 42
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    private static let algorithms: [ConfigurationObject] = [
        [:], ["compressor_algorithm": "zlib", "compressor_level": 9],
        ["compressor_algorithm": "zstd"], ["compressor_algorithm": "ZSTD", "compressor_level": 9],
    ]

    @Test(arguments: Self.algorithms)
    func streamIsDeliveryHeaderAndData(values: ConfigurationObject) async throws {
        let text = "Subject: s\r\n\r\nbody\r\n.\r\nbare\nand\rNUL\0 é\r\n"
        let envelope = try await self.pass(self.envelope(text), values: values)
        let compressed = try #require(envelope[CompressedMessage.self])
        let header = try #require(envelope.deliveryHeader).octets()
        #expect(try decompressed(compressed) == Array(header.readableBytesView) + Array(text.utf8))
        #expect(compressed.originalSize == header.readableBytes + text.utf8.count)
        // Read as often as anybody likes, and the message is still there for everybody else.
        #expect(try decompressed(compressed) == Array(header.readableBytesView) + Array(text.utf8))
        #expect(envelope.data == MessageData(ByteBuffer(string: text)))
    }

    @Test func defaultIsGoGuerrillasZlib() async throws {
        let compressed = try #require(try await self.pass(self.envelope("body\r\n"))[CompressedMessage.self])
        #expect(compressed.algorithm == .zlib)
        // Deflate with a window of 32 KiB, and level 1. (RFC 1950 § 2.2)
        #expect(Array(compressed.octets.readableBytesView.prefix(2)) == [0x78, 0x01])
    }

    @Test(arguments: Self.algorithms)
    func emptyMessageIsAStreamToo(values: ConfigurationObject) async throws {
        let envelope = try await self.pass(self.envelope(""), through: "Compressor", values: values)
        let compressed = try #require(envelope[CompressedMessage.self])
        #expect(try decompressed(compressed) == [])
        #expect(compressed.octets.readableBytes > 0)
    }

    @Test(arguments: Self.algorithms)
    func largeMessagesGoThroughPieceByPiece(values: ConfigurationObject) async throws {
        let budget = MemoryBudget(limit: 1 << 26)
        let line = Array("A line like all the others in this message.\r\n".utf8)
        let octets = (0..<30_000).flatMap { _ in line } + self.noise(700_000)
        var envelope: Envelope? = try await self.pass(
            self.envelope(try self.received(octets, budget: budget)),
            through: "Compressor",
            values: values
        )
        let compressed = try #require(envelope?[CompressedMessage.self])
        #expect(try decompressed(compressed) == octets)
        #expect(compressed.octets.readableBytes < octets.count / 2)
        envelope = nil
    }

    @Test func lineEndingsAreTheStoredOnes() async throws {
        let envelope = try await self.pass(
            self.envelope("a: b\r\n\r\nbody\r\n"),
            values: ["compressor_algorithm": "zstd"],
            lineEndings: .lf
        )
        let octets = try decompressed(try #require(envelope[CompressedMessage.self]))
        #expect(!octets.contains(UInt8(ascii: "\r")))
        #expect(String(decoding: octets, as: UTF8.self).hasSuffix("\na: b\n\nbody\n"))
    }

    // MARK: Memory

    @Test(arguments: Self.algorithms)
    func resultCountsAgainstTheBudgetUntilItGoes(values: ConfigurationObject) async throws {
        let budget = MemoryBudget(limit: 1 << 26)
        var data: MessageData? = try self.received(self.noise(500_000), budget: budget)
        let before = budget.used
        var envelope: Envelope? = try await self.pass(
            self.envelope(try #require(data)),
            through: "Compressor",
            values: values
        )
        var compressed = envelope?[CompressedMessage.self]
        let size = try #require(compressed?.octets.readableBytes)
        #expect(size >= 500_000)
        #expect(budget.used >= before + size)
        #expect(budget.used <= before + size + 8_192)
        envelope = nil
        data = nil
        #expect(budget.used >= size && budget.used <= size + 8_192)
        compressed = nil
        #expect(budget.used == 0)
    }

    @Test(arguments: Self.algorithms)
    func withoutMemoryTheClientKeepsTheMessage(values: ConfigurationObject) async throws {
        for size in [10_000, 500_000] {
            let octets = self.noise(size)
            // As much as the message takes while it grows, and not enough for a second one.
            let budget = MemoryBudget(limit: size < 100_000 ? 40_000 : 800_000)
            let data = try self.received(octets, budget: budget)
            let before = budget.used
            let error = await #expect(throws: CompressionError.self) {
                try await self.pass(self.envelope(data), through: "Compressor", values: values)
            }
            #expect(error == .outOfMemory)
            #expect(error?.smtpReply == .insufficientStorage)
            #expect(budget.used == before)
        }
    }

    @Test func cancelledBeforeItBegan() async throws {
        let envelope = self.envelope(try self.received(self.noise(200_000), budget: MemoryBudget(limit: 1 << 26)))
        let passing = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await self.pass(envelope)
        }
        passing.cancel()
        await #expect(throws: CancellationError.self) { _ = try await passing.value }
    }

    // MARK: Configuration

    @Test(
        arguments: [
            (
                ["compressor_algorithm": "gzip"],
                #"backend_config.compressor_algorithm: "gzip" is not one of "zlib", "zstd""#
            ),
            (["compressor_level": 0], "backend_config.compressor_level: 0 is out of range; use 1 to 9"),
            (["compressor_level": 10], "backend_config.compressor_level: 10 is out of range; use 1 to 9"),
        ] as [(ConfigurationObject, String)]
    )
    func wrongValuesAreToldWithTheirKey(values: ConfigurationObject, sentence: String) async throws {
        await #expect {
            _ = try await self.pass(self.envelope(""), values: values)
        } throws: { error in
            error is ConfigurationError && "\(error)".hasPrefix(sentence)
        }
    }
}
#endif
