import GuerrillaMail
import Testing

struct MailDomainTests {
    @Test(arguments: [
        ("example.com", "EXAMPLE.com"), ("Example.Com", "eXAMPLE.cOM"), ("a", "A"),
        ("bücher.example", "BÜCHER.Example"), ("xn--BCHER-kva.example", "xn--bcher-kva.example"),
    ])
    func namesAreEqualWhateverTheirCase(left: String, right: String) {
        #expect(MailDomain.name(left) == .name(right))
        #expect(MailDomain.name(left).hashValue == MailDomain.name(right).hashValue)
        #expect(Set([MailDomain.name(left), .name(right)]).count == 1)
    }

    @Test(arguments: [
        (MailDomain.name("example.com"), MailDomain.name("example.org")), (.name("example.com"), .name("example.com.")),
        (.name("bücher.example"), .name("xn--bcher-kva.example")), (.name("a@b"), .name("a`b")),
        (.name("[1.1.1.1]"), .literal(.ip(.v4(IPv4Address(1, 1, 1, 1))))),
        (.name("1.1.1.1"), .literal(.ip(.v4(IPv4Address(1, 1, 1, 1))))),
    ])
    func othersDiffer(left: MailDomain, right: MailDomain) {
        #expect(left != right)
    }

    @Test func caseIsKeptInText() {
        #expect(MailDomain.name("Example.COM").description == "Example.COM")
    }

    @Test func literalIsWrittenWithBrackets() {
        #expect(MailDomain.literal(.ip(.v4(IPv4Address(192, 0, 2, 1)))).description == "[192.0.2.1]")
    }

    @Test func asciiIsTold() {
        #expect(MailDomain.name("example.com").isASCII)
        #expect(!MailDomain.name("bücher.example").isASCII)
    }
}
