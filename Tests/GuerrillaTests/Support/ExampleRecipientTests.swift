import GuerrillaMail
import Testing

@testable import Guerrilla

struct ExampleRecipientTests {
    @Test(
        arguments: [
            (["example.com"], "you@example.com"), (["host.test", "localhost"], "you@localhost"),
            (["."], "you@example.com"), (["*"], "you@mail"), (["*.example.com"], "you@mail.example.com"),
            (["example.*"], "you@example.mail"), (["mx?.*.example"], "you@mxa.mail.example"),
            (["[192.0.2.1]"], "you@[192.0.2.1]"), (["[2001:DB8::1]"], "you@[IPv6:2001:db8::1]"),
            (["[IPv6:2001:db8::1]"], "you@[IPv6:2001:db8::1]"), (["\\[192.0.2.*\\]"], "you@[192.0.2.1]"),
            (["bücher.example"], "you@xn--bcher-kva.example"),
            // What never matches is passed over; with nothing left there is still the postmaster.
            (["example.com", ".example.org"], "you@example.com"), ([".example.com"], "postmaster"), ([], "postmaster"),
            (["example.com", "."], "you@example.com"), ([".", "nonsense@example.com"], "postmaster"),
            (["[abc]*.example"], "postmaster"),
        ] as [([String], String)]
    )
    func isOneThatTheServerTakes(_ entries: [String], _ expected: String) throws {
        let recipient = ExampleRecipient(allowedHosts: entries)
        #expect(recipient.description == expected)
        let octets = Array("<\(recipient)>".utf8)
        let path = try PathParser.parseForwardPath(octets.span, limits: PathLimits(), allowsUTF8: false).path
        #expect(AllowedHosts(entries).accepts(path))
    }

    @Test func whereAnyDomainWillDoThatIsKnown() {
        #expect(ExampleRecipient(allowedHosts: ["."]).isOneOfAll)
        #expect(ExampleRecipient(allowedHosts: ["host.test", "*"]).isOneOfAll)
        #expect(!ExampleRecipient(allowedHosts: ["localhost", "*.example.com"]).isOneOfAll)
        #expect(!ExampleRecipient(allowedHosts: [".", "localhost"]).isOneOfAll)
    }

    @Test func isOneWordToAShell() {
        #expect(ExampleRecipient(allowedHosts: ["a-b.example"]).shellWord == "you@a-b.example")
        #expect(ExampleRecipient(allowedHosts: ["[192.0.2.1]"]).shellWord == "'you@[192.0.2.1]'")
    }
}
