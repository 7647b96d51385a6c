import GuerrillaBackend
import GuerrillaMail
import GuerrillaProcessors
import GuerrillaSMTP
import InMemoryLogging
import Logging
import NIOCore
import Testing

@testable import GuerrillaMaildir

/// The processor `MailDir` in a chain, as a daemon builds it.
struct MaildirProcessorTests {
    private let fixture: MaildirFixture

    init() throws {
        self.fixture = try MaildirFixture()
    }

    @Test func eachRecipientGetsACopyWithADeliveredToOfItsOwn() async throws {
        let verdict = try await self.withChain("Header|MailDir") { chain async throws in
            var envelope = Envelope.sample("Subject: s\r\n\r\nbody\r\n", to: ["Alice", "bob+news", "postmaster"])
            return try await chain.save(&envelope)
        }
        #expect(verdict == .stored)
        for (user, address) in [
            ("alice", "Alice@example.com"), ("bob", "bob+news@example.com"), ("postmaster", "postmaster"),
        ] {
            let message = try #require(self.fixture.messages(user).first)
            #expect(message.hasPrefix("Delivered-To: \(address)\r\nReturn-Path: <>\r\nReceived: from "))
            #expect(message.hasSuffix("\r\nSubject: s\r\n\r\nbody\r\n"))
            #expect(self.fixture.names(user, "new")[0].hasSuffix(",S=\(message.utf8.count)"))
        }
    }

    @Test func copiesForManyRecipientsAreCharged() async throws {
        for (limit, isRoom) in [(1 << 20, true), (16_384, false)] {
            let budget = MemoryBudget(limit: limit)
            var builder = MessageDataBuilder(memory: MessageMemory(budget: budget))
            try #require(Array("Subject: s\r\n\r\nbody\r\n".utf8).withUnsafeBytes { builder.append($0) })
            var envelope = Envelope.sample("", to: (0..<100).map { "alice+\($0)" })
            envelope.data = builder.build()
            let message = envelope
            let used = try await self.withChain("Header|MailDir") { chain async throws in
                var envelope = message
                if isRoom {
                    #expect(try await chain.save(&envelope) == .stored)
                } else {
                    await #expect(throws: MessageMemoryExhausted.self) { _ = try await chain.save(&envelope) }
                }
                return budget.used
            }
            #expect(isRoom ? used > 4_096 + 100 * 256 : used == 4_096)
            #expect(self.fixture.messages("alice").count == 100)
        }
    }

    @Test func lineEndingsCanBeLF() async throws {
        _ = try await self.withChain("MailDir", lineEndings: .lf) { chain async throws in
            var envelope = Envelope.sample("Subject: s\r\n\r\nb\ro\ndy\r\n", to: ["alice"])
            return try await chain.save(&envelope)
        }
        #expect(self.fixture.messages("alice") == ["Subject: s\n\nb\ro\ndy\n"])
        #expect(self.fixture.names("alice", "new")[0].hasSuffix(",S=19"))
    }

    @Test(arguments: [["nobody"], ["alice", "nobody"], ["../alice"], ["..", "alice"], ["", "bob"], ["~"]])
    func aMessageForSomebodyUnknownIsNotAcknowledged(_ recipients: [String]) async throws {
        let verdict = try await self.withChain("MailDir") { chain async throws in
            var envelope = Envelope.sample("x", to: recipients)
            return try await chain.save(&envelope)
        }
        #expect(
            verdict
                == .reply(
                    SMTPReply(
                        .mailboxUnavailable,
                        EnhancedStatusCode(5, 1, 1),
                        "User unknown in local recipient table"
                    )
                )
        )
        #expect(self.fixture.messages("alice").isEmpty)
    }

    @Test func whatAnotherStoreKeepsNeedsNoUser() async throws {
        let verdict = try await self.withChain("MailDir|Keeping") { chain async throws in
            var envelope = Envelope.sample("x", to: ["alice", "nobody"])
            return try await chain.save(&envelope)
        }
        #expect(verdict == .stored)
        #expect(self.fixture.messages("alice") == ["x"])
    }

    @Test func aMessageThatCannotBeWrittenIsAnErrorOfOurs() async throws {
        let error = await #expect(throws: MaildirError.self) {
            try await self.withChain("MailDir") { chain async throws in
                try self.fixture.remove("bob")
                var envelope = Envelope.sample("x", to: ["alice", "bob"])
                return try await chain.save(&envelope)
            }
        }
        #expect(error?.description.contains("No such file or directory") == true)
        #expect(self.fixture.messages("alice").isEmpty)
    }

    @Test func manyMessagesAtOnceAreAllDelivered() async throws {
        try await self.withChain("MailDir") { chain async throws in
            try await withThrowingTaskGroup(of: SaveVerdict.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        var envelope = Envelope.sample("message \(number)", to: ["alice"])
                        return try await chain.save(&envelope)
                    }
                }
                for try await verdict in group { #expect(verdict == .stored) }
            }
        }
        #expect(self.fixture.messages("alice") == (0..<300).map { "message \($0)" }.sorted())
    }

    // MARK: Validating

    @Test func recipientsMustBeInTheMapAndHaveAMaildir() async throws {
        try await self.withChain("") { chain async throws in
            let envelope = Envelope.sample("", to: [])
            for (localPart, verdict) in [
                ("alice", RecipientVerdict.accepted), ("ALICE", .accepted), ("alice+x", .accepted),
                ("postmaster", .accepted),
                ("nobody", .rejected(reason: "")), ("../alice", .rejected(reason: "")), ("", .rejected(reason: "")),
            ] {
                #expect(try await chain.validate(.sample(localPart), in: envelope) == verdict, "\(localPart)")
            }
            try self.fixture.remove("alice")
            // A disk that is not mounted, say: her mail must not bounce.
            await #expect(throws: MaildirError.self) { try await chain.validate(.sample("alice"), in: envelope) }
        }
    }

    // MARK: Starting

    @Test(arguments: [
        (
            "/[user]", "alice=1:x",
            "backend_config.maildir_user_map: \"x\" in \"alice=1:x\" is no gid; write a number, −1 to leave it"
        ),
        ("", "alice=1:1", "backend_config.maildir_path: it is empty; name a directory, such as ~/Maildir"),
        (
            "/no/such/[user]", "alice=1:1",
            "backend_config.maildir_path: the directory '/no/such' does not exist; make it, and let the users of the map enter it"
        ),
    ])
    func wrongSettingsAreOneSentenceEach(_ path: String, _ users: String, _ sentence: String) {
        let error = #expect(throws: ConfigurationError.self) { try MaildirProcessor(path: path, userMap: users) }
        #expect(error?.description == sentence)
    }

    @Test func whatIsInTheWayOfAMaildirPreventsTheStart() async throws {
        try self.fixture.write("", to: "alice")
        let error = await #expect(throws: ProcessorStartError.self) {
            try await self.withChain("MailDir") { _ async throws in }
        }
        #expect(error?.underlyingError is MaildirError)
        #expect(error?.description == "MailDir: '\(self.fixture.directory)/alice' is not a directory")
    }

    @Test func rootAndAMissingPostmasterAreWarnedOf() async throws {
        let handler = InMemoryLogHandler()
        let logger = Logger(label: "test") { _ in handler }
        let processor = try MaildirProcessor(path: self.fixture.path, userMap: "alice=-1:-1", logger: logger)
        try await processor.start()
        await processor.shutdown(deadline: .now + .seconds(60))
        #expect(
            handler.entries.map { "\($0.level): \($0.message)" } == [
                "warning: maildir_user_map: there is no postmaster; RFC 5321 § 4.5.1 asks for one"
            ]
        )
        var envelope = Envelope.sample("x", to: ["alice"])
        await #expect(throws: MaildirProcessor.NotOpen.self) {
            try await ProcessorChain.saving(with: processor, &envelope)
        }
    }

    // MARK: Support

    private func withChain<Value>(
        _ chain: String,
        lineEndings: StoredLineEndings = .crlf,
        _ body: (ProcessorChain) async throws -> Value
    ) async throws -> Value {
        var registry = ProcessorRegistry(BuiltInProcessors.all)
        registry.register(MaildirProcessor.description)
        registry.register(ProcessorDescription("Keeping", Keeping.self) { _ in Keeping() })
        let chain = try ProcessorChain(
            save: chain,
            validate: "maildir",
            registry: registry,
            context: ProcessorContext(
                configuration: ProcessorConfiguration(
                    values: [
                        "maildir_path": .string(self.fixture.path),
                        "maildir_user_map": .string("alice=-1:-1,bob=-1:-1,postmaster=-1:-1"),
                    ]
                ),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                primaryMailHost: "example.com",
                storedLineEndings: lineEndings
            )
        )
        try await chain.start()
        do {
            let value = try await body(chain)
            await chain.shutdown(deadline: .now + .seconds(60))
            return value
        } catch {
            await chain.shutdown(deadline: .now + .seconds(60))
            throw error
        }
    }
}

/// A store that keeps everything.
private struct Keeping: Processor {
    static let capabilities: ProcessorCapabilities = [.saves, .stores]

    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        _ = try await next(&envelope)
        return .stored
    }
}

extension ProcessorChain {
    /// Saves with one processor alone.
    fileprivate static func saving(
        with processor: MaildirProcessor,
        _ envelope: inout Envelope
    ) async throws -> SaveVerdict {
        var registry = ProcessorRegistry()
        registry.register(ProcessorDescription("One", MaildirProcessor.self) { _ in processor })
        let chain = try ProcessorChain(
            save: "One",
            registry: registry,
            context: ProcessorContext(
                configuration: ProcessorConfiguration(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                primaryMailHost: ""
            )
        )
        return try await chain.save(&envelope)
    }
}
