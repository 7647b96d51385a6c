import NIOCore
import Testing

@testable import GuerrillaMail

struct MessageDataTests {
    private func build(_ count: Int, step: Int, budget: MemoryBudget, pool: ChunkPool = ChunkPool()) -> MessageData? {
        self.build(Self.octets(count), step: step, budget: budget, pool: pool)
    }

    private func build(_ octets: [UInt8], step: Int, budget: MemoryBudget, pool: ChunkPool) -> MessageData? {
        var builder = MessageDataBuilder(memory: MessageMemory(budget: budget, pool: pool))
        var offset = 0
        while offset < octets.count {
            let end = min(octets.count, offset + step)
            guard octets[offset..<end].withUnsafeBytes({ builder.append($0) }) else { return nil }
            offset = end
        }
        return builder.build()
    }

    private static func octets(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    @Test(arguments: [0, 1, 4_095, 4_096, 4_097, 32_768, 40_000, 262_144, 262_145, 1_000_000], [1_000, 70_000])
    func keepsEveryOctet(count: Int, step: Int) async throws {
        let budget = MemoryBudget(limit: 1 << 24)
        let octets = Self.octets(count)
        do {
            let data = try #require(self.build(octets, step: step, budget: budget, pool: ChunkPool()))
            #expect(data.size == count)
            let contiguous = data.withContiguousBytes { Array($0) }
            #expect(contiguous == (count <= 262_144 ? octets : nil))
            var collected: [UInt8] = []
            while collected.count < count {
                let part = try await data.read(from: collected.count, upTo: 77_777)
                try #require(part.readableBytes > 0)
                collected += Array(part.readableBytesView)
            }
            #expect(collected == octets)
            #expect(try await data.read(from: count, upTo: 1).readableBytes == 0)
            #expect(try await data.prefix(300_000).readableBytes == min(300_000, count))
            #expect(budget.used >= count)
        }
        #expect(budget.used == 0)
    }

    @Test(arguments: [1, 4_097, 262_145])
    func messagesOfTheSameOctetsAreEqual(count: Int) throws {
        var octets = Self.octets(count)
        let data = try #require(self.build(count, step: 70_000, budget: MemoryBudget(limit: 1 << 24)))
        #expect(data == MessageData(ByteBuffer(bytes: octets)))
        octets[count - 1] ^= 1
        #expect(data != MessageData(ByteBuffer(bytes: octets)))
        octets.removeLast()
        #expect(data != MessageData(ByteBuffer(bytes: octets)))
    }

    @Test func exhaustedBudgetStopsABuilder() {
        let budget = MemoryBudget(limit: 40_000)
        #expect(self.build(100_000, step: 5_000, budget: budget) == nil)
        #expect(budget.used == 0)
    }

    @Test func unfinishedBuilderGivesItsMemoryBack() {
        let budget = MemoryBudget(limit: 1 << 20)
        do {
            var builder = MessageDataBuilder(memory: MessageMemory(budget: budget))
            _ = [UInt8](repeating: 1, count: 300_000).withUnsafeBytes { builder.append($0) }
            #expect(budget.used == 2 * 262_144)
            _ = builder
        }
        #expect(budget.used == 0)
    }

    @Test func aSliceSurvivesTheMessageAndTheReuseOfItsChunk() async throws {
        let pool = ChunkPool()
        let budget = MemoryBudget(limit: 1 << 20)
        var data = self.build(3_000, step: 100, budget: budget, pool: pool)
        let slice = try #require(try await data?.read(from: 10, upTo: 20))
        data = nil
        let next = try #require(self.build(4_000, step: 4_000, budget: budget, pool: pool))
        #expect(Array(slice.readableBytesView) == Array(Self.octets(3_000)[10..<30]))
        #expect(next.size == 4_000)
    }
}

struct MemoryBudgetTests {
    @Test func refusesWhatIsNotLeft() {
        let budget = MemoryBudget(limit: 10)
        #expect(budget.reserve(6))
        #expect(!budget.reserve(5))
        #expect(budget.used == 6)
        #expect(budget.reserve(4))
        #expect(budget.isExhausted)
        budget.release(10)
        #expect(!budget.isExhausted)
    }
}

struct QueuedIDTests {
    @Test func idsDifferBetweenMessagesAndProcesses() {
        let first = QueuedIDGenerator(process: 1)
        let second = QueuedIDGenerator(process: 2)
        var seen: Set<String> = []
        for _ in 0..<1_000 {
            #expect(seen.insert(first.next(unixMilliseconds: 5).description).inserted)
            #expect(seen.insert(second.next(unixMilliseconds: 5).description).inserted)
        }
    }

    @Test func textIsFixedWidthHexadecimal() {
        let generator = QueuedIDGenerator(process: 0xDEAD_BEEF)
        #expect(generator.next(unixMilliseconds: 0x123).description == "00000000123deadbeef00000")
        #expect(generator.next(unixMilliseconds: 0x123).description == "00000000123deadbeef00001")
    }

    @Test func ownTextIsMadeSafeForAReplyLine() {
        #expect(QueuedID(text: "a\r\n250 b").description == "a250b")
        #expect(QueuedID(text: String(repeating: "x", count: 500)).description.count == 200)
    }
}

struct EnvelopeTests {
    enum Score: EnvelopeKey {
        typealias Value = Double
    }

    @Test func valuesOfProcessorsAreTyped() {
        var envelope = Envelope(
            queuedID: QueuedID(text: "1"),
            client: ClientInfo(address: nil),
            reversePath: .null,
            recipients: [],
            data: .empty,
            receivedAt: 0
        )
        #expect(envelope[Score.self] == nil)
        envelope[Score.self] = 3.5
        #expect(envelope[Score.self] == 3.5)
    }

    @Test func perRecipientCopiesBeginWithDeliveredTo() {
        let header = DeliveryHeader(fields: ByteBuffer(string: "Return-Path: <>\r\n"))
        #expect(String(buffer: header.octets()) == "Return-Path: <>\r\n")
        #expect(
            String(buffer: header.octets(for: Recipient(.postmaster)))
                == "Delivered-To: postmaster\r\nReturn-Path: <>\r\n"
        )
    }
}
