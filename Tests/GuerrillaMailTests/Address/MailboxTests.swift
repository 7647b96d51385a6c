import GuerrillaMail
import Testing

struct MailboxTests {
    @Test(arguments: [
        ("alice", "alice@example.com"), ("a.b", "a.b@example.com"), ("a+b=c/d", "a+b=c/d@example.com"),
        ("josé", "josé@example.com"), ("", "\"\"@example.com"), ("a b", "\"a b\"@example.com"),
        (".a", "\".a\"@example.com"), ("a.", "\"a.\"@example.com"), ("a..b", "\"a..b\"@example.com"),
        ("a@b", "\"a@b\"@example.com"), ("a\"b", #""a\"b"@example.com"#), (#"a\b"#, #""a\\b"@example.com"#),
        (#"\""#, #""\\\""@example.com"#), ("a,b:c", "\"a,b:c\"@example.com"), (">", "\">\"@example.com"),
    ])
    func localPartIsQuotedOnlyWhenNeeded(localPart: String, text: String) {
        #expect(Mailbox(localPart: localPart, domain: .name("example.com")).description == text)
    }

    @Test func localPartsDifferByCaseAndDomainsDoNot() {
        let mailbox = Mailbox(localPart: "alice", domain: .name("example.com"))
        #expect(mailbox == Mailbox(localPart: "alice", domain: .name("EXAMPLE.COM")))
        #expect(mailbox != Mailbox(localPart: "Alice", domain: .name("example.com")))
    }

    @Test(arguments: [("a", "b", true), ("é", "b", false), ("a", "é", false)])
    func asciiIsTold(localPart: String, domain: String, isASCII: Bool) {
        let mailbox = Mailbox(localPart: localPart, domain: .name(domain))
        #expect(mailbox.isASCII == isASCII)
        #expect(ReversePath.mailbox(mailbox).isASCII == isASCII)
        #expect(ForwardPath.mailbox(mailbox).isASCII == isASCII)
    }

    @Test func pathsWithoutMailboxHaveAText() {
        #expect(ReversePath.null.description == "")
        #expect(ReversePath.null.mailbox == nil)
        #expect(ForwardPath.postmaster.description == "postmaster")
        #expect(ForwardPath.postmaster.mailbox == nil)
        #expect(ReversePath.null.isASCII && ForwardPath.postmaster.isASCII)
    }
}
