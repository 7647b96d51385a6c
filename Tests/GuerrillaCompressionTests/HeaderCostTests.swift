#if Compression
import GuerrillaBackend
import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Testing

@testable import GuerrillaCompression

/// Whatever a header section holds, it is compressed for a small multiple of a loop over its octets.
@Suite struct HeaderCostTests {
    @Test(arguments: CompressedMessage.Algorithm.allCases)
    func streams(_ algorithm: CompressedMessage.Algorithm) async throws {
        let compression = MessageCompression(algorithm: algorithm, level: 1)
        let budget = MemoryBudget(limit: .max)
        let cost = try await Cost { octets in
            let envelope = Envelope(
                queuedID: QueuedID(text: "7f3a09"),
                client: ClientInfo(address: nil),
                reversePath: .null,
                recipients: [Recipient(.postmaster)],
                data: MessageData(ByteBuffer(bytes: octets)),
                receivedAt: 0
            )
            let form = try await StoredForm(of: envelope, lineEndings: .lf)
            _ = try compression.compress(form, memory: MemoryReservation(budget: budget))
        }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }
}
#endif
