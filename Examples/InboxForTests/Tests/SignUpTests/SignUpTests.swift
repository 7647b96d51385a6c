import Guerrilla
import GuerrillaTesting
import SignUp
import Testing

struct SignUpTests {
    @Test func whoSignsUpGetsALink() async throws {
        try await TestInbox.with { inbox in
            let mailer = Mailer(host: "127.0.0.1", port: inbox.port)
            let token = try await SignUp(mailer: mailer).register("someone@example.org")

            let mail = try await inbox.next()
            #expect(mail.recipients.map(\.description) == ["someone@example.org"])
            #expect(mail.subject == "Welcome to Example")
            #expect(try await mail.bodyText.contains("https://example.com/confirm/\(token)\r\n"))
        }
    }

    @Test func addressThatDoesNotExistIsAnError() async throws {
        let noSuchUser: @Sendable (Envelope) async throws -> SaveVerdict = { _ in
            .reply(SMTPReply(.mailboxUnavailable, EnhancedStatusCode(5, 1, 1), "No such user"))
        }
        try await TestInbox.with(answering: noSuchUser) { inbox in
            let signUp = SignUp(mailer: Mailer(host: "127.0.0.1", port: inbox.port))

            let refused = await #expect(throws: Mailer.Refused.self) { try await signUp.register("nobody@example.org") }
            #expect(refused?.reply.hasPrefix("550 5.1.1 ") == true)
            #expect(inbox.messages.isEmpty)
        }
    }
}
