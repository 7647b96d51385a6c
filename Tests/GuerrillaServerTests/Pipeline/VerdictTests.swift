import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import GuerrillaServer
import GuerrillaTestSupport
import InMemoryLogging
import Logging
import Synchronization
import Testing

/// What processors say, and what the client reads then.
struct VerdictTests {
    struct Odd: SMTPReplyConvertible {
        let smtpReply: SMTPReply
    }

    private static func reply(_ code: UInt16, _ status: EnhancedStatusCode? = nil, _ text: String = "text") -> SMTPReply
    {
        SMTPReply(ReplyCode(rawValue: code) ?? .localError, status, lines: [text])
    }

    @Sendable private static func open(_ client: BlockingClient) throws {
        _ = try client.readReply()
        #expect(try client.command("EHLO client.example").hasPrefix("250 "))
        #expect(try client.command("MAIL FROM:<a@b.example>") == "250 2.1.0 OK")
    }

    @Test(arguments: [
        (Self.reply(550, EnhancedStatusCode(5, 1, 1), "no\r\n250 2.1.5 OK"), "550 5.1.1 no  250 2.1.5 OK"),
        (Self.reply(450, EnhancedStatusCode(4, 2, 1), "büro"), "450 4.2.1 b??ro"),
        (Self.reply(550, EnhancedStatusCode(2, 1, 5)), "550 5.0.0 text"), (Self.reply(553), "553 5.0.0 text"),
        (Self.reply(250, EnhancedStatusCode(2, 1, 5)), "451 4.3.0 Error: storage failed"),
        (Self.reply(354), "451 4.3.0 Error: storage failed"), (Self.reply(221), "451 4.3.0 Error: storage failed"),
        (Self.reply(421), "451 4.3.0 Error: storage failed"),
    ])
    func aRefusedRecipientIsNotOneOfTheMessage(_ reply: SMTPReply, _ expected: String) async throws {
        let isThrown = Atomic(false)
        let backend = SteeredBackend(validate: { recipient in
            guard recipient.path.mailbox?.localPart == "odd" else { return .accepted }
            if isThrown.load(ordering: .relaxed) { throw Odd(smtpReply: reply) }
            return .reply(reply)
        })
        try await LiveServer.with(backend: backend) { live in
            try await live.withClient { client in
                try Self.open(client)
                #expect(try client.command("RCPT TO:<odd@example.com>") == expected)
                #expect(try client.command("DATA").hasPrefix("503 5.5.1 "))
                isThrown.store(true, ordering: .relaxed)
                #expect(try client.command("RCPT TO:<odd@example.com>") == expected)
                #expect(try client.command("RCPT TO:<even@example.com>") == "250 2.1.5 OK")
                #expect(try client.command("DATA").hasPrefix("354 "))
                #expect(try client.command("x\r\n.").hasPrefix("250 2.0.0 "))
            }
            #expect(live.backend.messages.all.map { $0.recipients.map(\.description) } == [["even@example.com"]])
        }
    }

    @Test(arguments: [
        (Self.reply(250, EnhancedStatusCode(2, 6, 0)), "250 2.6.0 text", MessageRecord.Outcome.replied),
        (Self.reply(554, EnhancedStatusCode(2, 6, 0)), "554 5.0.0 text", .replied),
        (Self.reply(452, EnhancedStatusCode(4, 2, 2)), "452 4.2.2 text", .deferred),
        (Self.reply(354), "451 4.3.0 Error: storage failed", .failed),
        (Self.reply(421), "451 4.3.0 Error: storage failed", .failed),
        (Self.reply(221), "451 4.3.0 Error: storage failed", .failed),
    ])
    func aMessageIsAnsweredYesOrNo(
        _ reply: SMTPReply,
        _ expected: String,
        _ outcome: MessageRecord.Outcome
    ) async throws {
        try await LiveServer.with(backend: SteeredBackend(save: { _ in .reply(reply) })) { live in
            try await live.withClient { client in
                try Self.open(client)
                #expect(try client.command("RCPT TO:<a@example.com>") == "250 2.1.5 OK")
                #expect(try client.command("DATA").hasPrefix("354 "))
                #expect(try client.command("x\r\n.") == expected)
                #expect(try client.command("NOOP") == "250 2.0.0 OK")
            }
            #expect(await live.records.wait(for: 1).map(\.outcome) == [outcome])
        }
    }

    @Test func anErrorNeverMeansSuccess() async throws {
        try await LiveServer.with(backend: SteeredBackend(save: { _ in throw Odd(smtpReply: Self.reply(250)) })) {
            live in
            try await live.withClient { client in
                try Self.open(client)
                #expect(try client.command("RCPT TO:<a@example.com>") == "250 2.1.5 OK")
                #expect(try client.command("DATA").hasPrefix("354 "))
                #expect(try client.command("x\r\n.") == "451 4.3.0 Error: storage failed")
            }
        }
    }

    // MARK: What the log says

    @Test func ofAnOutageTheLogSpeaksForItself() async throws {
        let backend = SteeredBackend(
            save: { _ in throw OutageError(GroupCommitError.full) },
            validate: { recipient in
                guard recipient.path.mailbox?.localPart == "odd" else { return .accepted }
                throw OutageError(GroupCommitError.full)
            }
        )
        try await LiveServer.with(backend: backend) { live in
            try await live.withClient { client in
                try Self.open(client)
                #expect(try client.command("RCPT TO:<odd@example.com>") == "451 4.3.1 Error: storage too busy")
                #expect(try client.command("RCPT TO:<a@example.com>") == "250 2.1.5 OK")
                #expect(try client.command("DATA").hasPrefix("354 "))
                #expect(try client.command("x\r\n.") == "451 4.3.1 Error: storage too busy")
            }
            #expect(await live.records.wait(for: 1).map(\.outcome) == [.deferred])
            let own = live.log.entries.filter { $0.message.description.contains("could not be") }
            #expect(own.map(\.level) == [.debug, .debug])
            #expect(own.allSatisfy { $0.metadata["error"] == "too many messages wait for the store" })
        }
    }

    @Test func errorsOfSwiftAreSaidInWords() async throws {
        let backend = SteeredBackend(save: { _ in throw CancellationError() })
        try await LiveServer.with(backend: backend) { live in
            try await live.withClient { client in
                try Self.open(client)
                #expect(try client.command("RCPT TO:<a@example.com>") == "250 2.1.5 OK")
                #expect(try client.command("DATA").hasPrefix("354 "))
                #expect(try client.command("x\r\n.") == "451 4.3.0 Error: storage failed")
            }
            #expect(await live.records.wait(for: 1).map(\.outcome) == [.failed])
            let own = live.log.entries.filter { $0.message.description.contains("could not be") }
            #expect(own.map(\.level) == [.error])
            let words = own.first?.metadata["error"]?.description ?? ""
            #expect(words.hasPrefix("given up before it was begun: "))
        }
    }

    // MARK: rcpt_cache_seconds

    @Test func rememberedVerdictsSpareTheQuestion() async throws {
        let asked = Recorder<String>()
        let makeBackend = {
            SteeredBackend(validate: { recipient in
                asked.append(recipient.description)
                switch recipient.path.mailbox?.localPart {
                case "gone": return .rejected(reason: "moved")
                case "trouble": throw Odd(smtpReply: .localError)
                case "own": return .reply(Self.reply(550, EnhancedStatusCode(5, 1, 1)))
                default: return .accepted
                }
            })
        }
        let questions = ["here", "gone", "trouble", "own"]
        let replies = [
            "250 2.1.5 OK", "550 5.1.1 User unknown in local recipient table moved", "451 4.3.0 Error: storage failed",
            "550 5.1.1 text",
        ]
        try await LiveServer.with(backend: makeBackend()) { live in
            try await live.gateway.start(makeBackend(), recipientCacheLifetime: patience * 10)
            for turn in 1...3 {
                try await live.withClient { client in
                    try Self.open(client)
                    for (question, reply) in zip(questions, replies) {
                        #expect(try client.command("RCPT TO:<\(question)@example.com>") == reply)
                    }
                    #expect(try client.command("DATA").hasPrefix("354 "))
                    #expect(try client.command("x\r\n.").hasPrefix("250 2.0.0 "))
                }
                #expect(asked.all.count { $0 == "here@example.com" } == 1)
                #expect(asked.all.count { $0 == "gone@example.com" } == 1)
                #expect(asked.all.count { $0 == "trouble@example.com" } == turn)
                #expect(asked.all.count { $0 == "own@example.com" } == turn)
            }
            // Another generation asks for itself.
            try await live.gateway.start(makeBackend(), recipientCacheLifetime: patience * 10)
            try await live.withClient { client in
                try Self.open(client)
                #expect(try client.command("RCPT TO:<here@example.com>") == "250 2.1.5 OK")
            }
            #expect(asked.all.count { $0 == "here@example.com" } == 2)
            // Without a lifetime every question is asked.
            try await live.gateway.start(makeBackend())
            try await live.withClient { client in
                try Self.open(client)
                for _ in 0..<3 { #expect(try client.command("RCPT TO:<here@example.com>") == "250 2.1.5 OK") }
            }
            #expect(asked.all.count { $0 == "here@example.com" } == 5)
        }
    }

    // MARK: Replacing the backend

    /// Fifty sessions, and a new backend whenever fifty more messages are there: nobody notices. The second half of the messages waits
    /// for the first new backend.
    @Test func replacingTheBackendUnderLoadLosesNothing() async throws {
        let kept = Recorder<Envelope>()
        let makeBackend = {
            SteeredBackend(
                save: { envelope in
                    // Some are on their way when their backend is replaced.
                    await Task.yield()
                    kept.append(envelope)
                    return .stored
                },
                validate: { _ in
                    await Task.yield()
                    return .accepted
                }
            )
        }
        let sessions = 50
        let messages = 20
        let first = makeBackend()
        try await LiveServer.with(backend: first) { live in
            let acknowledged = Recorder<String>()
            let replacements = Recorder<Int>()
            let backends = try await withThrowingTaskGroup(returning: [SteeredBackend].self) { group in
                for _ in 0..<sessions {
                    group.addTask {
                        try await live.withClient { client in
                            _ = try client.readReply()
                            #expect(try client.command("EHLO client.example").hasPrefix("250 "))
                            for number in 0..<messages {
                                if number == messages / 2 {
                                    #expect(blockUntil { !replacements.all.isEmpty })
                                }
                                #expect(try client.command("MAIL FROM:<a@b.example>") == "250 2.1.0 OK")
                                #expect(try client.command("RCPT TO:<a@example.com>") == "250 2.1.5 OK")
                                #expect(try client.command("DATA").hasPrefix("354 "))
                                let reply = try client.command("x\r\n.")
                                #expect(reply.hasPrefix("250 2.0.0 OK: queued as "))
                                acknowledged.append(String(reply.split(separator: " ").last ?? ""))
                            }
                        }
                    }
                }
                var backends = [first]
                for turn in 1...15 {
                    await eventually { acknowledged.all.count >= turn * sessions }
                    let next = makeBackend()
                    let former = try await live.gateway.start(
                        next,
                        recipientCacheLifetime: turn % 2 == 0 ? .zero : patience
                    )
                    await former?.value
                    backends.append(next)
                    replacements.append(turn)
                }
                try await group.waitForAll()
                return backends
            }
            #expect(acknowledged.all.count == sessions * messages)
            #expect(kept.all.map(\.queuedID.description).sorted() == acknowledged.all.sorted())
            let areShutDown = backends.map(\.isShutDown)
            #expect(areShutDown.dropLast().allSatisfy { $0 } && areShutDown.last == false)
            #expect(backends.count { !$0.messages.all.isEmpty } > 1)
        }
    }
}
