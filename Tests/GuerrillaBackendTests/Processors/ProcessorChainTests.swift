import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import Logging
import Synchronization
import Testing

struct ProcessorChainTests {
    /// Notes what is done to it, in order and by name.
    final class Journal: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { self.lines.withLock { $0 } }
        func note(_ line: String) { self.lines.withLock { $0.append(line) } }
    }

    struct Broken: Error {}

    struct Noting: Processor {
        static let capabilities: ProcessorCapabilities = [.saves, .validates]
        let name: String
        let journal: Journal
        var failsAtStart = false

        func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
            self.journal.note("\(self.name) in")
            let verdict = try await next(&envelope)
            self.journal.note("\(self.name) out")
            return verdict
        }

        func validate(
            _ recipient: Recipient,
            in envelope: borrowing Envelope,
            next: ValidateNext
        ) async throws -> RecipientVerdict {
            self.journal.note("\(self.name) validates")
            return try await next(recipient, in: envelope)
        }

        func start() async throws {
            if self.failsAtStart { throw Broken() }
            self.journal.note("\(self.name) starts")
        }

        func wasPutInForce() {
            self.journal.note("\(self.name) is in force")
        }

        func shutdown(deadline: ContinuousClock.Instant) async {
            self.journal.note("\(self.name) stops")
        }
    }

    struct Storing: Processor {
        static let capabilities: ProcessorCapabilities = [.saves, .stores]

        func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
            try await next(&envelope).afterStoring
        }
    }

    private let journal = Journal()

    private var registry: ProcessorRegistry {
        let journal = self.journal
        return ProcessorRegistry([
            ProcessorDescription("One", Noting.self) { _ in Noting(name: "one", journal: journal) },
            ProcessorDescription("Two", Noting.self) { _ in Noting(name: "two", journal: journal) },
            ProcessorDescription("Bad", Noting.self) { _ in Noting(name: "bad", journal: journal, failsAtStart: true) },
            ProcessorDescription("Store", Storing.self) { _ in Storing() },
        ])
    }

    private func chain(_ save: String, validate: String = "") throws -> ProcessorChain {
        try ProcessorChain(
            save: save,
            validate: validate,
            registry: self.registry,
            context: ProcessorContext(
                configuration: ProcessorConfiguration(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                primaryMailHost: "mail.example.com"
            )
        )
    }

    private var envelope: Envelope {
        Envelope(
            queuedID: QueuedID(text: "1"),
            client: ClientInfo(address: nil),
            reversePath: .null,
            recipients: [],
            data: .empty,
            receivedAt: 0
        )
    }

    @Test(arguments: ["One|Two", "one|TWO", " One | Two "])
    func processorsDecorateTheRestOfTheChain(_ text: String) async throws {
        var envelope = self.envelope
        #expect(try await self.chain(text).save(&envelope) == .discarded)
        #expect(self.journal.all == ["one in", "two in", "two out", "one out"])
    }

    @Test func aStoreMakesTheVerdictStored() async throws {
        var envelope = self.envelope
        #expect(try await self.chain("one|store|two").save(&envelope) == .stored)
        #expect(try self.chain("one|store").stores)
        #expect(try !self.chain("one").stores)
    }

    @Test func anEmptyChainDiscards() async throws {
        var envelope = self.envelope
        #expect(try await self.chain("").save(&envelope) == .discarded)
        #expect(try !self.chain("").validatesRecipients)
    }

    @Test(arguments: ["One|Three", "One||Two", "|"])
    func unknownNamesAreToldWithTheKnownOnes(_ text: String) {
        #expect { try self.chain(text) } throws: { error in
            "\(error)".hasPrefix("processor [")
                && "\(error)".hasSuffix("not found; known processors: Bad, One, Store, Two")
        }
    }

    @Test func aProcessorStandsBehindWhatItNeeds() throws {
        var registry = self.registry
        registry.register(ProcessorDescription("Needy", Storing.self, requiredBefore: ["One"]) { _ in Storing() })
        let context = ProcessorContext(
            configuration: ProcessorConfiguration(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            primaryMailHost: "mail.example.com"
        )
        _ = try ProcessorChain(save: "ONE|two|needy", registry: registry, context: context)
        for save in ["needy", "two|needy|one"] {
            #expect {
                try ProcessorChain(save: save, registry: registry, context: context)
            } throws: { error in
                "\(error)" == "backend_config.save_process: `Needy` needs `One` before it"
            }
        }
    }

    @Test func aProcessorInBothChainsIsOneInstance() async throws {
        let chain = try self.chain("one|two", validate: "two|one")
        try await chain.start()
        chain.wasPutInForce()
        let verdict = try await chain.validate(Recipient(.postmaster), in: self.envelope)
        #expect(verdict == .accepted)
        await chain.shutdown(deadline: .now)
        #expect(
            self.journal.all
                == [
                    "one starts", "two starts", "one is in force", "two is in force", "two validates", "one validates",
                    "two stops", "one stops",
                ]
        )
    }

    @Test func processorsWithoutAValidateStepDoNotMakeRCPTWait() throws {
        #expect(try !self.chain("one", validate: "store").validatesRecipients)
    }

    @Test func whatStartedIsStoppedWhenTheNextFails() async throws {
        let chain = try self.chain("one|bad|two")
        let error = await #expect(throws: ProcessorStartError.self) { try await chain.start() }
        #expect(error?.processor == "Bad" && error?.underlyingError is Broken)
        #expect(self.journal.all == ["one starts", "one stops"])
    }

    private struct Sentence: Error, CustomStringConvertible {
        let description: String
    }

    private struct Unable: Processor {
        static let capabilities: ProcessorCapabilities = [.saves]
        let sentence: String

        func start() async throws { throw Sentence(description: self.sentence) }
        func checkConnection() async throws { try await self.start() }
    }

    @Test(arguments: [
        ("disk on fire", "Mine: disk on fire"),
        ("mine: disk on fire", "mine: disk on fire"),
        ("Mine is on fire", "Mine is on fire"),
        ("mines are on fire", "Mine: mines are on fire"),
        ("", "Mine: "),
    ])
    func whatDoesNotStartIsNamedOnce(sentence: String, named: String) async throws {
        let registry = ProcessorRegistry([
            ProcessorDescription("Mine", Unable.self) { _ in Unable(sentence: sentence) }
        ])
        let context = ProcessorContext(configuration: .init(), logger: Logger(label: "test"), primaryMailHost: "x")
        let chain = try ProcessorChain(save: "mine", registry: registry, context: context)
        let error = await #expect(throws: ProcessorStartError.self) { try await chain.start() }
        #expect(error?.description == named)
        #expect(await chain.connectionProblems() == [named])
    }

    @Test func whatWasNotBuiltIsToldWithItsTraits() throws {
        var registry = self.registry
        registry.registerMissing("Absent", traits: ["One"])
        registry.registerMissing("away", traits: ["One", "Two"])
        for (name, needs) in [("absent", "trait One"), ("AWAY", "traits One and Two")] {
            let error = #expect(throws: ProcessorChainError.self) { try registry.chain("one|\(name)") }
            #expect(
                error?.description == "processor [\(name)] needs the \(needs), which this program was built without"
            )
        }
        registry.register(ProcessorDescription("absent", Storing.self) { _ in Storing() })
        #expect(try registry.chain("absent").count == 1)
        #expect(!registry.all.contains { $0.name == "away" })
    }
}
