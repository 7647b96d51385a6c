import Guerrilla
import GuerrillaTesting
import SignUp
import Testing

struct SignUpTests {
    @Test func whoSignsUpGetsALink() async throws {
        let inbox = try await TestInbox.start()
        let token = try await SignUp(mailer: Mailer(host: "127.0.0.1", port: inbox.port)).register(
            "someone@example.org"
        )

        let mail = try await inbox.next()
        #expect(mail.recipients.map(\.description) == ["someone@example.org"])
        #expect(mail.subject == "Welcome to Example")
        #expect(try await mail.bodyText.contains("https://example.com/confirm/\(token)\r\n"))
        await inbox.stop()
    }

    @Test func addressThatDoesNotExistIsAnError() async throws {
        let inbox = try await TestInbox.start(answering: { _ in
            .reply(SMTPReply(.mailboxUnavailable, EnhancedStatusCode(5, 1, 1), "No such user"))
        })
        let signUp = SignUp(mailer: Mailer(host: "127.0.0.1", port: inbox.port))

        let refused = await #expect(throws: Mailer.Refused.self) { try await signUp.register("nobody@example.org") }
        #expect(refused?.reply.hasPrefix("550 5.1.1 ") == true)
        #expect(inbox.messages.isEmpty)
        await inbox.stop()
    }
}
