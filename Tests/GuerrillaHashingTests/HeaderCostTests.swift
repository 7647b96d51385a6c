#if Hashing
import GuerrillaBackend
import GuerrillaHashing
import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Testing

/// Whatever the subject holds, hashes cost the same.
@Suite struct HeaderCostTests {
    @Test(arguments: HasherProcessor.Algorithm.allCases)
    func hashes(_ algorithm: HasherProcessor.Algorithm) async throws {
        let hasher = HasherProcessor(algorithm: algorithm)
        let cost = try await Cost { octets in
            var envelope = Envelope(
                queuedID: QueuedID(text: "7f3a09"),
                client: ClientInfo(address: nil),
                reversePath: .null,
                recipients: [Recipient](repeating: Recipient(.postmaster), count: 100),
                data: MessageData(ByteBuffer(bytes: octets)),
                receivedAt: 0
            )
            envelope.subject = String(repairing: octets)
            _ = try await hasher.save(&envelope, next: SaveNext([]))
        }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }
}
#endif
