import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import GuerrillaServer
import GuerrillaTestSupport
import InMemoryLogging
import Logging
import NIOCore
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct SMTPServerHandlerTests {
    /// Up to and including DATA.
    @Sendable private static func open(_ client: BlockingClient) throws {
        #expect(try client.readReply().first?.hasPrefix("220 mail.example.com SMTP Guerrilla(test) #") == true)
        #expect(try client.command("EHLO client.example") == "250 HELP")
        #expect(try client.command("MAIL FROM:<a@b.example>") == "250 2.1.0 OK")
        #expect(try client.command("RCPT TO:<alice@example.com>") == "250 2.1.5 OK")
        #expect(try client.command("DATA").hasPrefix("354 "))
    }

    @Test func quitAndFinWhileTheVerdictIsPendingGetTheirReplies() async throws {
        let gate = Gate()
        let backend = SteeredBackend(save: { _ in
            await gate.wait()
            return .stored
        })
        try await LiveServer.with(backend: backend) { live in
            try await live.withClient { client in
                try Self.open(client)
                try client.send(Array("hello\r\n.\r\nQUIT\r\n".utf8))
                client.finishSending()
                gate.open()
                #expect(try client.readReply().last?.hasPrefix("250 2.0.0 OK: queued as ") == true)
                #expect(try client.readReply().last == "221 2.0.0 Bye")
                #expect(try client.readLine() == nil)
            }
        }
    }

    @Test func pipelinedInputWaitsForTheVerdict() async throws {
        let gate = Gate()
        let backend = SteeredBackend(save: { _ in
            await gate.wait()
            return .stored
        })
        try await LiveServer.with(backend: backend) { live in
            try await live.withClient { client in
                try Self.open(client)
                let next = "MAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\n"
                try client.send(Array("hello\r\n.\r\n\(next)".utf8))
                // A second burst arrives while reading may be off.
                try client.send(Array("second\r\n.\r\nQUIT\r\n".utf8))
                gate.open()
                let replies = try (0..<6).map { _ in try client.readReply().last ?? "" }
                #expect(replies.map { $0.prefix(3) } == ["250", "250", "250", "354", "250", "221"])
            }
            #expect(live.backend.messages.all.count == 2)
            #expect(Set(live.backend.messages.all.map(\.queuedID)).count == 2)
        }
    }

    @Test func lateVerdictIs451AndTheSessionGoesOn() async throws {
        let gate = Gate()
        let isLate = Gate()
        let backend = SteeredBackend(save: { _ in
            await gate.wait()
            return .stored
        })
        let next = SteeredBackend()
        try await LiveServer.with(backend: backend, timeouts: .init(save: .milliseconds(50))) { live in
            async let dialogue: Void = live.withClient { client in
                defer { isLate.open() }
                try Self.open(client)
                #expect(try client.command("late\r\n.") == "451 4.3.0 Error: transaction timeout")
                isLate.open()
                // The next message has all the time it needs.
                #expect(blockUntil { (live.gateway.lease()?.backend as? SteeredBackend) === next })
                #expect(try client.command("MAIL FROM:<a@b.example>") == "250 2.1.0 OK")
                #expect(try client.command("RCPT TO:<alice@example.com>") == "250 2.1.5 OK")
                #expect(try client.command("DATA").hasPrefix("354 "))
                #expect(try client.command("in time\r\n.").hasPrefix("250 2.0.0 "))
            }
            await isLate.wait()
            gate.open()
            try await live.gateway.start(next, timeouts: .init(save: patience))
            try await dialogue
            let outcomes = await live.records.wait(for: 3).map(\.outcome)
            #expect(outcomes.sorted { $0.rawValue < $1.rawValue } == [.committedLate, .stored, .timedOut])
            #expect(live.log.entries.contains { $0.message.description.contains("timed out while saving") })
        }
    }

    @Test func theDeadlineWithdrawsWhatCanBeWithdrawn() async throws {
        let wasCancelled = Recorder<Bool>()
        let backend = SteeredBackend(save: { _ in
            do {
                try await Task.sleep(for: .seconds(3_600))
            } catch {
                wasCancelled.append(true)
                throw error
            }
            return .stored
        })
        try await LiveServer.with(backend: backend, timeouts: .init(save: .milliseconds(50))) { live in
            try await live.withClient { client in
                try Self.open(client)
                #expect(try client.command("late\r\n.").hasPrefix("451 4.3.0 "))
            }
            #expect(await live.records.wait(for: 2).map(\.outcome) == [.timedOut, .failedLate])
            #expect(wasCancelled.all == [true])
        }
    }

    /// A client whose connection is gone cannot be told anything and will send the message again: nothing is done for it that has not
    /// begun.
    @Test func aResetConnectionGivesUpItsMessage() async throws {
        let begun = Gate()
        let budget = MemoryBudget(limit: 1 << 20)
        let backend = SteeredBackend(save: { _ in
            begun.open()
            try await Task.sleep(for: .seconds(3_600))
            return .stored
        })
        try await LiveServer.with(backend: backend, budget: budget) { live in
            try await live.withClient { client in
                try Self.open(client)
                try client.send(Array("x\r\n.\r\n".utf8))
                #expect(begun.blockUntilOpen())
                client.resetAtTheEnd()
            }
            #expect(await live.records.wait(for: 1).map(\.outcome) == [.abandoned])
            #expect(live.records.all.map(\.reply.code.rawValue) == [451])
            #expect(!live.log.entries.contains { $0.level >= .warning })
            #expect(await eventually { live.server.clientCount == 0 })
        }
        #expect(budget.used == 0)
    }

    @Test func aResetConnectionGivesUpItsQuestion() async throws {
        let begun = Gate()
        let cancelled = Gate()
        let backend = SteeredBackend(validate: { _ in
            begun.open()
            do {
                try await Task.sleep(for: .seconds(3_600))
            } catch {
                cancelled.open()
                throw error
            }
            return .accepted
        })
        try await LiveServer.with(backend: backend) { live in
            try await live.withClient { client in
                _ = try client.readReply()
                _ = try client.command("EHLO client.example")
                _ = try client.command("MAIL FROM:<>")
                try client.send(line: "RCPT TO:<a@example.com>")
                #expect(begun.blockUntilOpen())
                client.resetAtTheEnd()
            }
            await cancelled.wait()
            #expect(await eventually { live.server.clientCount == 0 })
            #expect(!live.log.entries.contains { $0.level >= .warning })
        }
    }

    @Test func aClientThatLeavesCancelsNothing() async throws {
        let gate = Gate()
        let begun = Gate()
        let backend = SteeredBackend(save: { _ in
            begun.open()
            await gate.wait()
            try Task.checkCancellation()
            return .stored
        })
        try await LiveServer.with(backend: backend) { live in
            try await live.withClient { client in
                try Self.open(client)
                try client.send(Array("x\r\n.\r\n".utf8))
            }
            await begun.wait()
            gate.open()
            #expect(await live.records.wait(for: 1).map(\.outcome) == [.stored])
        }
    }

    struct Broken: Error {}
    struct Busy: SMTPReplyConvertible {
        var smtpReply: SMTPReply { .storeBusy }
    }

    @Test func whatAProcessorThrowsIs451() async throws {
        let backend = SteeredBackend(save: { envelope in
            throw envelope.data.size > 10 ? Broken() as any Error : Busy()
        })
        try await LiveServer.with(backend: backend) { live in
            try await live.withClient { client in
                try Self.open(client)
                #expect(try client.command("a long message\r\n.") == "451 4.3.0 Error: storage failed")
                for command in ["MAIL FROM:<>", "RCPT TO:<alice@example.com>", "DATA"] {
                    _ = try client.command(command)
                }
                #expect(try client.command("short\r\n.") == "451 4.3.1 Error: storage too busy")
            }
            #expect(await live.records.wait(for: 2).map(\.outcome) == [.failed, .failed])
            #expect(live.log.entries.contains { $0.metadata["smtp.queued_id"] != nil })
        }
    }

    @Test func aPeerThatDoesNotTakeItsRepliesIsNotServedOn() async throws {
        let settings = ServerSettings.testing {
            $0.limits.idleCommands = 100_000
        }
        try await LiveServer.with(settings: settings) { live in
            try await live.withClient { client in
                _ = try client.readReply()
                // 60,000 replies of 14 octets are owed; the system's buffers hold more commands than we may answer.
                let burst = Array(repeating: Array("NOOP\r\n".utf8), count: 10_000).flatMap { $0 }
                for _ in 0..<6 { try client.send(burst) }
                let answered = try (0..<60_000).count { _ in try client.readLine() == "250 2.0.0 OK" }
                #expect(answered == 60_000)
                #expect(try client.command("QUIT") == "221 2.0.0 Bye")
            }
        }
    }

    @Test func aPeerThatFinishesBeforeItTakesItsRepliesGetsThemAll() async throws {
        let settings = ServerSettings.testing {
            $0.limits.idleCommands = 100_000
        }
        try await LiveServer.with(settings: settings) { live in
            try await live.withClient { client in
                _ = try client.readReply()
                // 6 MB of replies are owed, more than the system's buffers hold.
                try client.send(Array(repeating: Array("HELP\r\n".utf8), count: 40_000).flatMap { $0 })
                client.finishSending()
                // By then the server has stopped, as a rule; if not, less is asked of it.
                sleep(1)
                var answered = 0
                while try client.readReply().last == "214 2.0.0 End of HELP info" { answered += 1 }
                #expect(answered == 40_000)
            }
            #expect(await eventually { live.server.clientCount == 0 })
        }
    }

    @Test func discardedSaysSo() async throws {
        try await LiveServer.with(backend: SteeredBackend(save: { _ in .discarded })) { live in
            try await live.withClient { client in
                try Self.open(client)
                #expect(try client.command("x\r\n.").hasSuffix(" (discarded)"))
            }
        }
    }

    @Test func recipientsAreValidated() async throws {
        let backend = SteeredBackend(validate: { recipient in
            switch recipient.description {
            case "alice@example.com": return .accepted
            case "broken@example.com": throw Broken()
            default: return .rejected(reason: "no such user")
            }
        })
        try await LiveServer.with(backend: backend) { live in
            try await live.withClient { client in
                _ = try client.readReply()
                _ = try client.command("EHLO c.example")
                _ = try client.command("MAIL FROM:<>")
                #expect(
                    try client.command("RCPT TO:<bob@example.com>")
                        == "550 5.1.1 User unknown in local recipient table no such user"
                )
                #expect(try client.command("RCPT TO:<broken@example.com>") == "451 4.3.0 Error: storage failed")
                #expect(try client.command("RCPT TO:<alice@example.com>") == "250 2.1.5 OK")
                #expect(try client.command("DATA").hasPrefix("354"))
            }
        }
    }

    @Test func recipientWithoutAVerdictInTimeIs451() async throws {
        let backend = SteeredBackend(validate: { _ in
            try await Task.sleep(for: .seconds(3_600))
            return .accepted
        })
        try await LiveServer.with(backend: backend, timeouts: .init(validate: .milliseconds(50))) { live in
            try await live.withClient { client in
                _ = try client.readReply()
                _ = try client.command("EHLO c.example")
                _ = try client.command("MAIL FROM:<>")
                #expect(try client.command("RCPT TO:<slow@example.com>") == "451 4.3.0 Error: transaction timeout")
                #expect(try client.command("NOOP") == "250 2.0.0 OK")
            }
        }
    }

    @Test func silentPeersAreSentAway() async throws {
        try await LiveServer.with(settings: .testing { $0.connection.commandTimeout = .milliseconds(50) }) { live in
            try await live.withClient { client in
                _ = try client.readReply()
                #expect(try client.readReply() == ["421 4.4.2 Error: timeout exceeded"])
                #expect(try client.readLine() == nil)
            }
        }
    }

    @Test func octetsOfAnEndlessCommandBuyNoTime() async throws {
        try await LiveServer.with(settings: .testing { $0.connection.commandTimeout = .milliseconds(200) }) { live in
            try await live.withClient { client in
                _ = try client.readReply()
                try client.trickleUntilAnswered()
                #expect(try client.readReply() == ["421 4.4.2 Error: timeout exceeded"])
            }
        }
    }

    @Test func slowMessagesEndAtMessageTimeout() async throws {
        try await LiveServer.with(
            settings: .testing {
                $0.connection.messageTimeout = .milliseconds(200)
            }
        ) { live in
            try await live.withClient { client in
                try Self.open(client)
                try client.trickleUntilAnswered()
                #expect(try client.readReply() == ["421 4.4.2 Error: timeout exceeded"])
            }
            #expect(live.backend.messages.all.isEmpty)
        }
    }

    @Test func silenceWithinAMessageEndsAtDataTimeout() async throws {
        let settings = ServerSettings.testing {
            $0.connection.dataTimeout = .milliseconds(200)
        }
        try await LiveServer.with(settings: settings) { live in
            try await live.withClient { client in
                try Self.open(client)
                try client.send(Array("a message that stops".utf8))
                #expect(try client.readReply() == ["421 4.4.2 Error: timeout exceeded"])
                #expect(try client.readLine() == nil)
            }
            #expect(live.log.entries.contains { $0.metadata["reason"] == "Error: timeout exceeded" })
            #expect(live.backend.messages.all.isEmpty)
        }
    }

    @Test func messagesThatTrickleInEndAtMinimumDataRate() async throws {
        let settings = ServerSettings.testing {
            $0.connection.minimumDataRate = 1_000_000
            $0.connection.dataRateWindow = .milliseconds(200)
        }
        try await LiveServer.with(settings: settings) { live in
            try await live.withClient { client in
                try Self.open(client)
                try client.trickleUntilAnswered()
                #expect(try client.readReply() == ["421 4.4.2 Error: message arrives too slowly"])
            }
            #expect(live.backend.messages.all.isEmpty)
        }
    }

    /// Chunks that arrive whole, with their command, leave no moment in which the session waits for message octets.
    @Test(arguments: [
        (Duration.milliseconds(200), 0, "421 4.4.2 Error: timeout exceeded"),
        (patience, 1_000_000, "421 4.4.2 Error: message arrives too slowly"),
    ])
    func tinyChunksBuyNoTime(_ messageTimeout: Duration, _ minimumDataRate: Int, _ last: String) async throws {
        let settings = ServerSettings.testing {
            $0.connection.messageTimeout = messageTimeout
            $0.connection.minimumDataRate = minimumDataRate
            $0.connection.dataRateWindow = .milliseconds(200)
        }
        try await LiveServer.with(settings: settings) { live in
            try await live.withClient { client in
                _ = try client.readReply()
                for command in ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<postmaster>"] {
                    _ = try client.command(command)
                }
                var reply = "250 2.0.0 OK: 1 octets received"
                var chunks = 0
                while reply == "250 2.0.0 OK: 1 octets received", chunks < 1_000 {
                    usleep(2_000)
                    try? client.send(Array("BDAT 1\r\nx".utf8))
                    reply = try client.readReply().last ?? "closed"
                    chunks += 1
                }
                #expect(reply == last)
            }
            #expect(live.backend.messages.all.isEmpty)
        }
    }

    @Test(arguments: ["BDAT 11 LAST\r\n12345678901", "DATA\r\n12345678901\r\n.\r\n"])
    func aRefusedMessageIsLoggedOnceHoweverItArrives(_ message: String) async throws {
        try await LiveServer.with(settings: .testing { $0.limits.messageSize = 10 }) { live in
            try await live.withClient { client in
                let words = "EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\n\(message)QUIT\r\n"
                try client.send(Array(words.utf8))
                while try client.readLine() != nil {}
            }
            let entries = live.log.entries.filter { $0.message == "Message refused" }
            #expect(entries.map { $0.metadata["smtp.reply"] } == ["552"])
            #expect(entries.first?.metadata["smtp.to"] == "<postmaster>")
        }
    }

    @Test func aRefusedRecipientIsLoggedWithItsSenderAndTheReason() async throws {
        try await LiveServer.with(settings: .testing()) { live in
            try await live.withClient { client in
                let words =
                    "EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@elsewhere.example>\r\nRCPT TO:<postmaster>\r\nQUIT\r\n"
                try client.send(Array(words.utf8))
                while try client.readLine() != nil {}
            }
            let entries = live.log.entries.filter { $0.message == "Recipient refused" }
            #expect(entries.count == 1)
            let metadata = try #require(entries.first?.metadata)
            #expect(metadata["smtp.from"] == "<a@b.example>")
            #expect(metadata["smtp.to"] == "<x@elsewhere.example>")
            #expect(metadata["smtp.helo"] == "c.example")
            #expect(metadata["smtp.reply"] == "550")
            #expect(metadata["reason"]?.description.contains("elsewhere.example") == true)
        }
    }

    @Test func aSessionEndsAtSessionTimeoutWithinAMessageToo() async throws {
        let settings = ServerSettings.testing {
            $0.connection.sessionTimeout = .seconds(1)
        }
        try await LiveServer.with(settings: settings) { live in
            try await live.withClient { client in
                // On a busy machine DATA may come too late already.
                let words = "HELO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\n"
                try client.send(Array(words.utf8))
                var last = ""
                while let line = try client.readLine() { last = line }
                #expect(last == "421 4.4.2 Error: session lasted too long")
            }
        }
    }

    /// The end of each message comes in one burst with the whole beginning of the next.
    @Test func everyPipelinedMessageHasItsOwnMessageTimeout() async throws {
        let timeout = Duration.milliseconds(500)
        try await LiveServer.with(settings: .testing { $0.connection.messageTimeout = timeout }) { live in
            try await live.withClient { client in
                var begun = ContinuousClock.now
                let end = begun + timeout * 2
                try Self.open(client)
                while ContinuousClock.now < end {
                    try? client.send(Array("a part that arrives by itself".utf8))
                    usleep(10_000)
                    let next = ContinuousClock.now
                    try? client.send(Array("\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\n".utf8))
                    let codes = try (0..<4).map { _ in String((try client.readReply().last ?? "").prefix(3)) }
                    if codes.first == "421" {
                        // This one message was slow: the machine has stood still.
                        #expect(ContinuousClock.now - begun >= timeout)
                        return
                    }
                    try #require(codes == ["250", "250", "250", "354"])
                    begun = next
                }
            }
        }
    }

    @Test func sessionsEndAtSessionTimeout() async throws {
        try await LiveServer.with(settings: .testing { $0.connection.sessionTimeout = .milliseconds(100) }) { live in
            try await live.withClient { client in
                _ = try client.readReply()
                #expect(try client.readReply() == ["421 4.4.2 Error: session lasted too long"])
            }
        }
    }

    @Test func tooManyClientsAreTold() async throws {
        try await LiveServer.with(settings: .testing { $0.connection.maximumClients = 1 }) { live in
            try await live.withClient { client in
                #expect(try client.readReply().first?.hasPrefix("220 ") == true)
                let second = try BlockingClient(port: live.port)
                #expect(try second.readReply() == ["421 4.3.2 Too many connections. Please try again later."])
                #expect(try second.readLine() == nil)
                #expect(try client.command("NOOP") == "250 2.0.0 OK")
            }
            #expect(live.log.entries.count { $0.message == "Client sent away" } == 1)
            await eventually { live.server.clientCount == 0 }
            let greeting = try await live.withClient { try $0.readReply().first ?? "" }
            #expect(greeting.hasPrefix("220 "))
        }
    }

    @Test func withoutBackendMailIsTemporarilyRefused() async throws {
        try await LiveServer.with { live in
            await live.gateway.shutdown(deadline: .now + .seconds(1))
            try await live.withClient { client in
                _ = try client.readReply()
                _ = try client.command("EHLO c.example")
                _ = try client.command("MAIL FROM:<>")
                #expect(try client.command("RCPT TO:<alice@example.com>").hasPrefix("451 4.3.0 "))
            }
        }
    }

    @Test func newHostsHoldForOpenSessions() async throws {
        try await LiveServer.with { live in
            try await live.withClient { client in
                _ = try client.readReply()
                _ = try client.command("EHLO c.example")
                _ = try client.command("MAIL FROM:<>")
                #expect(try client.command("RCPT TO:<x@new.example>").hasPrefix("550 5.7.1 "))
                live.resources.allowedHosts = AllowedHosts(["new.example"])
                #expect(try client.command("RCPT TO:<x@new.example>") == "250 2.1.5 OK")
            }
        }
    }

    @Test func messageMemoryReturnsToTheBudget() async throws {
        let budget = MemoryBudget(limit: 1 << 22)
        try await LiveServer.with(backend: SteeredBackend(save: { _ in .discarded }), budget: budget) { live in
            try await live.withClient { client in
                try Self.open(client)
                try client.send([UInt8](repeating: 65, count: 2_000_000))
                #expect(try client.command("\r\n.").hasPrefix("250"))
                for command in ["MAIL FROM:<>", "RCPT TO:<alice@example.com>", "DATA"] {
                    _ = try client.command(command)
                }
                try client.send([UInt8](repeating: 65, count: 100_000))
            }
            await eventually { live.server.clientCount == 0 }
        }
        #expect(await eventually { budget.used <= 1 << 22 })
    }
}
