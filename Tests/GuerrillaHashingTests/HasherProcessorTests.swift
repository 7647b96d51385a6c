#if Hashing
import GuerrillaBackend
import GuerrillaHashing
import GuerrillaMail
import Logging
import NIOCore
import Testing

struct HasherProcessorTests {
    /// Hands on what the chain made of the envelope.
    private func hashes(_ envelope: Envelope, algorithm: String? = nil) async throws -> [String] {
        var values = ConfigurationObject()
        values["hasher_algorithm"] = algorithm.map { .string($0) }
        let chain = try ProcessorChain(
            save: "Hasher",
            registry: ProcessorRegistry([HasherProcessor.description]),
            context: ProcessorContext(
                configuration: ProcessorConfiguration(values: values),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                primaryMailHost: "mx.example.org"
            )
        )
        var envelope = envelope
        #expect(try await chain.save(&envelope) == .discarded)
        return envelope.hashes
    }

    private func envelope(_ localParts: String..., id: String = "7f3a09") -> Envelope {
        var envelope = Envelope(
            queuedID: QueuedID(text: id),
            client: ClientInfo(address: nil),
            reversePath: .mailbox(Mailbox(localPart: "alice", domain: .name("example.org"))),
            recipients: localParts.map {
                Recipient(.mailbox(Mailbox(localPart: $0, domain: .name("example.com"))))
            },
            data: .empty,
            receivedAt: 1_795_248_408_123_456
        )
        envelope.subject = "Hello"
        return envelope
    }

    @Test(arguments: [nil, "blake2s-128", "BLAKE2s-128", "md5"])
    func eachRecipientHasAHashOf32Digits(algorithm: String?) async throws {
        let hashes = try await self.hashes(self.envelope("bob", "carol", "dave"), algorithm: algorithm)
        #expect(hashes.count == 3)
        #expect(Set(hashes).count == 3)
        #expect(hashes.allSatisfy { $0.utf8.count == 32 && $0.allSatisfy { "0123456789abcdef".contains($0) } })
    }

    @Test(arguments: ["blake2s-128", "md5"])
    func hashDependsOnNoOtherRecipient(algorithm: String) async throws {
        let three = try await self.hashes(self.envelope("bob", "carol", "dave"), algorithm: algorithm)
        let others = try await self.hashes(self.envelope("zoe", "carol"), algorithm: algorithm)
        #expect(three[1] == others[1])
        #expect(three[0] != others[0])
    }

    @Test func recipientNamedTwiceHasTwoHashes() async throws {
        let hashes = try await self.hashes(self.envelope("bob", "bob"))
        #expect(Set(hashes).count == 2)
    }

    /// MD5 has no key, so it can be computed here from what the documentation says.
    @Test func inputIsAsDocumented() async throws {
        let hashes = try await self.hashes(self.envelope("bob", "carol"), algorithm: "md5")
        #expect(hashes == ["4d6f78ae059212f36842dd0202c32c51", "8c308013b2f206477d19edad2bdf1bde"])
    }

    @Test func everythingThatTellsMessagesApartCounts() async throws {
        let sample = self.envelope("bob")
        var variants = [sample, self.envelope("bob", id: "7f3a0a")]
        variants.append(sample)
        variants[2].reversePath = .null
        variants.append(sample)
        variants[3].subject = nil
        variants.append(sample)
        variants[4].receivedAt += 1
        var all: Set<String> = []
        for variant in variants { all.formUnion(try await self.hashes(variant)) }
        #expect(all.count == variants.count)
    }

    @Test func onlyTheBeginningOfALongSubjectCounts() async throws {
        var long = self.envelope("bob")
        long.subject = String(repeating: "x", count: 1_024)
        var longer = long
        longer.subject = String(repeating: "x", count: 1_000_000)
        #expect(try await self.hashes(long) == self.hashes(longer))
    }

    @Test func withoutRecipientsThereAreNoHashes() async throws {
        #expect(try await self.hashes(self.envelope()).isEmpty)
    }

    @Test func hashesOfAnEarlierHasherAreReplaced() async throws {
        var envelope = self.envelope("bob")
        envelope.hashes = ["stale"]
        let hashes = try await self.hashes(envelope)
        #expect(hashes.count == 1)
        #expect(hashes != ["stale"])
    }

    @Test func unknownAlgorithmIsToldWithItsKey() async throws {
        await #expect {
            try await self.hashes(self.envelope("bob"), algorithm: "sha1")
        } throws: { error in
            "\(error)".hasPrefix(#"backend_config.hasher_algorithm: "sha1" is not one of "blake2s-128", "md5""#)
        }
    }
}
#endif
