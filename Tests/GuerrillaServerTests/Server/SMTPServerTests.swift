import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import GuerrillaTestSupport
import InMemoryLogging
import Logging
import NIOCore
import Testing

@testable import GuerrillaServer

struct SMTPServerTests {
    @Test func shutdownFinishesMessagesInHandAndSendsTheRestAway() async throws {
        let live = try await LiveServer()
        let isInData = Gate()
        async let sender: [String] = live.withClient { client in
            _ = try client.readReply()
            for command in ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<a@example.com>", "DATA"] {
                _ = try client.command(command)
            }
            isInData.open()
            try client.send(Array("begun ".utf8))
            // The idle session below has been sent away by now: we are told last.
            #expect(blockUntil { live.server.clientCount == 1 })
            try client.send(Array("and finished\r\n.\r\n".utf8))
            return try [client.readReply().last ?? "", client.readReply().last ?? "", client.readLine() ?? "closed"]
        }
        async let idle: [String] = live.withClient { client in
            _ = try client.readReply()
            return [try client.readReply().last ?? "", try client.readLine() ?? "closed"]
        }
        await isInData.wait()
        #expect(await eventually { live.server.clientCount == 2 })
        async let cutOff = live.server.shutdown(deadline: .now + patience)
        #expect(try await idle == ["421 4.3.2 Server is shutting down. Please try again later. Sayonara!", "closed"])
        let replies = try await sender
        #expect(replies[0].hasPrefix("250 2.0.0 OK: queued as "))
        #expect(replies[1].hasPrefix("421 4.3.2 "))
        #expect(replies[2] == "closed")
        #expect(await cutOff == 0)
        await live.stop()
    }

    /// RFC 2920 § 3.2: one write, and every reply in its place.
    @Test func aThousandPipelinedRecipientsAreAnsweredInOrder() async throws {
        try await LiveServer.with(settings: .testing { $0.limits.recipients = 300 }) { live in
            try await live.withClient { client in
                _ = try client.readReply()
                let recipients = (0..<1_000).map { number in
                    "RCPT TO:<\(number)@\(number.isMultiple(of: 2) ? "example.com" : "elsewhere.example")>\r\n"
                }
                let group = "HELO c.example\r\nMAIL FROM:<>\r\n\(recipients.joined())DATA\r\nx\r\n.\r\nQUIT\r\n"
                try client.send(group.utf8)
                #expect(try client.readLine()?.hasPrefix("250 mail") == true)
                #expect(try client.readLine() == "250 2.1.0 OK")
                for number in 0..<1_000 {
                    let expected =
                        number >= 599 ? "452 4.5.3 " : number.isMultiple(of: 2) ? "250 2.1.5 " : "550 5.7.1 "
                    #expect(try client.readLine()?.hasPrefix(expected) == true, "recipient \(number)")
                }
                #expect(try client.readLine()?.hasPrefix("354 ") == true)
                #expect(try client.readLine()?.hasPrefix("250 2.0.0 ") == true)
                #expect(try client.readLine() == "221 2.0.0 Bye")
                #expect(try client.readLine() == nil)
            }
            let even = (0..<600).filter { $0.isMultiple(of: 2) }
            #expect(
                live.backend.messages.all.map { $0.recipients.map(\.description) } == [even.map { "\($0)@example.com" }]
            )
        }
    }

    @Test func whoeverIsLeftAtTheDeadlineIsCutOff() async throws {
        let gate = Gate()
        let begun = Gate()
        let live = try await LiveServer(
            backend: SteeredBackend(save: { _ in
                begun.open()
                await gate.wait()
                return .stored
            })
        )
        async let sender: String? = live.withClient { client in
            _ = try client.readReply()
            for command in ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<a@example.com>", "DATA"] {
                _ = try client.command(command)
            }
            try client.send(Array("x\r\n.\r\n".utf8))
            return try client.readLine()
        }
        await begun.wait()
        #expect(await live.server.shutdown(deadline: .now + .milliseconds(50)) == 1)
        #expect(try await sender == nil)
        let lines = live.log.entries.filter { $0.message == "Connection cut off" }
        #expect(lines.count == 1)
        let metadata = lines.first?.metadata ?? [:]
        #expect(metadata["smtp.helo"] == "c.example")
        #expect(metadata["smtp.message"] == "waiting for its verdict")
        #expect(metadata["smtp.size"] == "3")
        #expect(metadata["smtp.queued_id"] != nil)
        gate.open()
        await live.stop()
    }

    @Test func whatIsSavedAtTheDeadlineIsCancelled() async throws {
        let begun = Gate()
        let live = try await LiveServer(
            backend: SteeredBackend(save: { _ in
                begun.open()
                try await Task.sleep(for: patience)
                return .stored
            })
        )
        async let sender: String? = live.withClient { client in
            _ = try client.readReply()
            for command in ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<a@example.com>", "DATA"] {
                _ = try client.command(command)
            }
            try client.send(Array("x\r\n.\r\n".utf8))
            return try client.readLine()
        }
        await begun.wait()
        #expect(await live.server.shutdown(deadline: .now) == 1)
        #expect(try await sender == nil)
        #expect(await live.records.wait(for: 1).map(\.outcome) == [.failedLate])
        await live.stop()
    }

    /// What is being saved when its client leaves goes on, until everybody is cut off.
    @Test(arguments: [true, false])
    func whatIsSavedForSomebodyWhoHasLeftGoesOnUntilTheDeadline(_ isInTime: Bool) async throws {
        let begun = Gate()
        let gate = Gate()
        let cancelled = Gate()
        let live = try await LiveServer(
            backend: SteeredBackend(save: { _ in
                begun.open()
                await withTaskCancellationHandler {
                    await gate.wait()
                } onCancel: {
                    cancelled.open()
                }
                return .stored
            })
        )
        try await live.withClient { client in
            _ = try client.readReply()
            for command in ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<a@example.com>", "DATA"] {
                _ = try client.command(command)
            }
            try client.send(Array("x\r\n.\r\n".utf8))
            #expect(begun.blockUntilOpen())
            client.resetAtTheEnd()
        }
        #expect(await eventually { live.server.clientCount == 0 })
        if isInTime {
            async let cutOff = live.server.shutdown(deadline: .now + patience)
            gate.open()
            #expect(await cutOff == 0)
            #expect(await live.records.wait(for: 1).map(\.outcome) == [.stored])
        } else {
            #expect(await live.server.shutdown(deadline: .now) == 0)
            await cancelled.wait()
            gate.open()
            #expect(await live.records.wait(for: 1).map(\.outcome) == [.committedLate])
        }
        await live.stop()
    }

    @Test func everybodyWaitsForADeadlineOfTheirOwn() async throws {
        let live = try await LiveServer()
        let greeted = Gate()
        let asked = Gate()
        async let client: Void = live.withClient { client in
            _ = try client.readReply()
            greeted.open()
            #expect(asked.blockUntilOpen())
            _ = try client.command("QUIT")
        }
        await greeted.wait()
        async let left: Int = {
            await live.server.waitUntilIdle(deadline: .now + patience)
            return live.server.clientCount
        }()
        // The deadlines of others.
        for _ in 0..<20 { await live.server.waitUntilIdle(deadline: .now + .milliseconds(1)) }
        #expect(live.server.clientCount == 1)
        asked.open()
        try await client
        #expect(await left == 0)
        await live.stop()
    }

    /// As swift-nio does after an error of `accept` that it does not know.
    @Test func aListenerThatIsClosedByAnErrorIsOpenedAgain() async throws {
        try await LiveServer.with { live in
            let listener = try #require(live.server.listener)
            for _ in 0..<2 {
                let channel = listener.channel
                try await channel.close()
                let greeting = try await live.withClient { try $0.readReply().last }
                #expect(greeting?.hasPrefix("220 ") == true)
                #expect(listener.channel !== channel)
            }
            #expect(live.log.entries.filter { $0.level == .critical }.count == 2)
            // And nobody opens it again when it is to end.
            try await listener.channel.close()
            await live.server.stopListening()
            #expect(!listener.channel.isActive)
            #expect(listener.socket.descriptor == nil)
        }
    }

    @Test func withoutRoomForMailItIsTemporarilyRefused() async throws {
        try await LiveServer.with { live in
            try await live.withClient { client in
                _ = try client.readReply()
                _ = try client.command("HELO c.example")
                live.resources.storageSpace.isLow = true
                #expect(try client.command("MAIL FROM:<>") == "452 4.3.1 Error: insufficient system storage")
                live.resources.storageSpace.isLow = false
                #expect(try client.command("MAIL FROM:<>") == "250 2.1.0 OK")
            }
        }
    }

    @Test func replacedBackendFinishesWhatItHasAndIsShutDown() async throws {
        let gate = Gate()
        let begun = Gate()
        let old = SteeredBackend(save: { _ in
            begun.open()
            await gate.wait()
            return .stored
        })
        let new = SteeredBackend()
        try await LiveServer.with(backend: old) { live in
            async let sender: String = live.withClient { client in
                _ = try client.readReply()
                for command in ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<a@example.com>", "DATA"] {
                    _ = try client.command(command)
                }
                return try client.command("x\r\n.")
            }
            await begun.wait()
            let replaced = try await live.gateway.start(new)
            #expect((live.gateway.lease()?.backend as? SteeredBackend) === new)
            let second = try await live.withClient { client in
                _ = try client.readReply()
                for command in ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<a@example.com>", "DATA"] {
                    _ = try client.command(command)
                }
                return try client.command("y\r\n.")
            }
            #expect(second.hasPrefix("250"))
            #expect(!old.isShutDown)
            gate.open()
            #expect(try await sender.hasPrefix("250"))
            await replaced?.value
            #expect(old.isShutDown)
            #expect(old.messages.all.count == 1)
            #expect(new.messages.all.count == 1)
        }
    }
}
