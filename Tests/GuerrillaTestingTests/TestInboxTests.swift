import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import GuerrillaTestSupport
import GuerrillaTesting
import Testing

struct TestInboxTests {
    private struct Trouble: Error {}

    private func send(_ subject: String, to port: Int) throws -> String {
        let client = try BlockingClient(port: port)
        _ = try client.readReply()
        for command in ["EHLO client.test", "MAIL FROM:<a@example.org>", "RCPT TO:<b@anywhere.example>", "DATA"] {
            try client.send(line: command)
            _ = try client.readReply()
        }
        try client.send("Subject: \(subject)\r\n\r\nHi.\r\n.\r\n".utf8)
        return try client.readReply().first ?? ""
    }

    @Test func keepsWhatIsSent() async throws {
        let inbox = try await TestInbox.start()
        let port = inbox.port
        for subject in ["one", "two"] {
            let reply = try await Task.detached { try self.send(subject, to: port) }.value
            #expect(reply.hasPrefix("250 "))
        }
        let second = try await inbox.next(where: { $0.subject == "two" })
        #expect(second.recipients.map(\.description) == ["b@anywhere.example"])
        #expect(try await second.bodyText == "Hi.\r\n")
        #expect(inbox.messages.map(\.subject) == ["one"])
        inbox.removeAll()
        #expect(inbox.messages.isEmpty)
        await inbox.stop()
    }

    @Test func waitsForMail() async throws {
        let inbox = try await TestInbox.start()
        let port = inbox.port
        async let waited = inbox.next(within: patience)
        _ = try await Task.detached { try self.send("late", to: port) }.value
        #expect(try await waited.subject == "late")
        await #expect(throws: TestInbox.NoMail.self) { try await inbox.next(within: .milliseconds(10)) }
        await inbox.stop()
    }

    @Test func noTimeIsTooShortToBeOver() async throws {
        let inbox = try await TestInbox.start()
        await withTaskGroup { group in
            for _ in 0..<1_000 {
                group.addTask {
                    await #expect(throws: TestInbox.NoMail.self) { try await inbox.next(within: .zero) }
                }
            }
        }
        await inbox.stop()
    }

    @Test func answersAsItIsTold() async throws {
        let inbox = try await TestInbox.start(answering: {
            if $0.subject == "trouble" { throw Trouble() }
            return .reply(SMTPReply(.transactionFailed, "not wanted"))
        })
        let port = inbox.port
        let replies = try await Task.detached { try ["trouble", "spam"].map { try self.send($0, to: port) } }.value
        #expect(replies[0].hasPrefix("451 ") && replies[1] == "554 5.0.0 not wanted")
        #expect(inbox.messages.isEmpty)
        await inbox.stop()
    }
}
