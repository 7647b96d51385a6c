import Testing

@testable import GuerrillaMail

struct AllowedHostsTests {
    /// The list go-guerrilla's own tests use.
    private let hosts = AllowedHosts([
        "spam4.me", "grr.la", "NewHost.com", "example.*", "*.test", "wild*.card", "multiple*wild*cards.*",
        "[::FFFF:C0A8:1]", "[2001:db8::ff00:42:8329]", "[127.0.0.1]", "[IPv6:2001:db8::2]", "[ipv6:2001:DB8:0:0::3]",
    ])

    @Test(arguments: [
        ("spam4.me", true), ("SPAM4.me", true), ("dont.match", false), ("newhost.com", true), ("NEWHOST.COM", true),
        ("mail.grr.la", false), ("grr.la.example.org", false), ("example.com", true), ("example.co.uk", true),
        ("EXAMPLE.com", true), ("another.example.com", false), ("anything.test", true), ("a.b.test", true),
        ("test", false), ("wild.card", true), ("wildest.card", true), ("wild.card.com", false),
        ("multipleXwildXcards.com", true), ("127.0.0.1", false), ("192.168.0.1", false), ("grr.la.", false),
    ])
    func nameIsLookedUpWithoutCase(name: String, isAccepted: Bool) {
        #expect(hosts.accepts(.name(name)) == isAccepted)
    }

    @Test(arguments: [
        ("[192.168.0.1]", true), ("[IPv6:::ffff:192.168.0.1]", true), ("[IPv6:::FFFF:C0A8:1]", true),
        ("[IPv6:2001:db8::ff00:42:8329]", true), ("[IPv6:2001:0db8:0000:0000:0000:ff00:0042:8329]", true),
        ("[ipv6:2001:DB8:0:0:0:0:0:2]", true), ("[IPv6:2001:db8::3]", true), ("[127.0.0.1]", true),
        ("[127.0.0.2]", false), ("[IPv6:2001:db8::1]", false), ("[2001:db8::2]", false), ("[x:y]", false),
    ])
    func literalIsLookedUpByAddress(literal: String, isAccepted: Bool) throws {
        #expect(hosts.accepts(.literal(try #require(AddressLiteral(literal)))) == isAccepted)
    }

    @Test func mappedAddressFromElsewhereIsCompared() throws {
        let mapped = try #require(IPv6Address("::ffff:192.168.0.1"))
        #expect(hosts.accepts(.literal(.ip(.v6(mapped)))))
    }

    @Test func postmasterIsAlwaysAccepted() {
        #expect(hosts.accepts(.postmaster))
        #expect(AllowedHosts([]).accepts(.postmaster))
        #expect(!hosts.accepts(.mailbox(Mailbox(localPart: "postmaster", domain: .name("nowhere.invalid")))))
        #expect(hosts.accepts(.mailbox(Mailbox(localPart: "postmaster", domain: .name("grr.la")))))
    }

    @Test func emptyListAcceptsNothingElse() throws {
        let hosts = AllowedHosts([])
        #expect(!hosts.accepts(.name("localhost")))
        #expect(!hosts.accepts(.literal(try #require(AddressLiteral("[127.0.0.1]")))))
        #expect(hosts.problems.isEmpty)
    }

    private static let anything: [MailDomain] = [
        .name("match.me"), .name("localhost"), .name("BÜCHER.example"), .literal(.ip(.v4(IPv4Address(1, 2, 3, 4)))),
        .literal(.ip(.v6(IPv6Address(rawValue: 1)))), .literal(.general(tag: "x", content: "y")),
    ]

    @Test(arguments: anything)
    func starAcceptsEverything(domain: MailDomain) {
        #expect(AllowedHosts(["*"]).accepts(domain))
    }

    @Test(arguments: anything)
    func onlyDotTurnsTheCheckOff(domain: MailDomain) {
        #expect(AllowedHosts(["."]).accepts(domain))
        #expect(AllowedHosts([".", "."]).accepts(domain))
        #expect(AllowedHosts([".", "*.test"]).accepts(domain))
        #expect(AllowedHosts(["."]).problems.isEmpty)
    }

    /// A misspelt entry beside it as well: it must not open the server.
    @Test(arguments: ["grr.la", "[127.0.0.1]", "[bogus]", "not a host"])
    func dotBesideAnotherEntryNeverMatches(entry: String) {
        let hosts = AllowedHosts([".", entry])
        #expect(!hosts.accepts(.name("match.me")))
        #expect(hosts.problems.contains { $0.hasPrefix("\".\" never matches: ") })
    }

    @Test(arguments: [
        ("\\[192.168.0.*\\]", "[192.168.0.77]", true), ("\\[192.168.0.*\\]", "[192.168.1.1]", false),
        ("\\[2001:db8:*\\]", "[IPv6:2001:db8::9]", true), ("\\[IPv6:2001:DB8:*\\]", "[IPv6:2001:db8::9]", true),
        ("\\[x400:*\\]", "[X400:c=us]", true),
    ])
    func patternCoversLiterals(pattern: String, literal: String, isAccepted: Bool) throws {
        let hosts = AllowedHosts([pattern])
        #expect(hosts.problems == [])
        #expect(hosts.accepts(.literal(try #require(AddressLiteral(literal)))) == isAccepted)
    }

    @Test(arguments: [("bücher.example", "BÜCHER.example"), ("BÜCHER.*", "bücher.com")])
    func namesBeyondASCIIAreFolded(entry: String, name: String) {
        #expect(AllowedHosts([entry]).accepts(.name(name)))
    }

    /// RFC 5890 § 2.3.2.1: one name, written with U-labels or with A-labels.
    @Test(arguments: [
        ("bücher.example", "xn--bcher-kva.example", true), ("BÜCHER.example", "XN--BCHER-KVA.Example", true),
        ("xn--bcher-kva.example", "bücher.example", true), ("XN--Bcher-Kva.example", "BÜCHER.EXAMPLE", true),
        ("xn--bcher-kva.example", "xn--BCHER-kva.example", true), ("bücher.ü", "xn--bcher-kva.ü", true),
        // Patterns, on either side.
        ("*.bücher.example", "mail.xn--bcher-kva.example", true), ("*.xn--bcher-kva.example", "a.bücher.example", true),
        ("*.xn--bcher-kva.example", "a.xn--bcher-kva.example", true), ("b?cher.*", "xn--bcher-kva.example", true),
        ("b[ü]ch*.example", "xn--bcher-kva.example", true), ("xn--*.example", "bücher.example", true),
        ("xn--*.example", "xn--bcher-kva.example", true), ("*ü*", "xn--bcher-kva.example", true),
        ("*.bücher.xn--tda", "x.xn--bcher-kva.xn--tda", true),
        // Others stay others.
        ("xn--*", "a.\u{D3E}x", false),
        ("bücher.example", "bucher.example", false), ("bücher.example", "xn--bcher-kvb.example", false),
        ("bücher.example", "mail.xn--bcher-kva.example", false), ("example.com", "xn--example-.com", false),
        ("bücher.example", "xn--bcher-2pa.example", false), ("b?cher.*", "xn--bcher-kv.example", false),
        // A label that is the A-label of nothing equals itself.
        ("xn--bcher-kv.example", "xn--bcher-kv.example", true), ("xn--99999999.example", "XN--99999999.example", true),
    ])
    func bothFormsOfANameAreTheSame(entry: String, name: String, isAccepted: Bool) {
        let hosts = AllowedHosts([entry])
        #expect(hosts.problems == [])
        #expect(hosts.accepts(.name(name)) == isAccepted)
    }

    @Test func listsInEitherFormAreTheSame() {
        #expect(AllowedHosts(["xn--bcher-kva.example"]) == AllowedHosts(["BÜCHER.example"]))
    }

    @Test(arguments: [
        "", " grr.la", "grr.la ", "a b", "grr.la.", "*.grr.la.", ".grr.la", "user@grr.la", "*@grr.la", "gr?.la",
        "[gm]rr.la", "a\\b", "-a.example", "a..b", "[*", "*\\", "*[]", "[192.168.0.*]", "[1.2.3]", "[]", "[::1%lo]",
        "[IPv6:1.2.3.4]", "[IPv6:IPv6:::1]", "[x:y]", "* ", "*/x", "http://grr.la", "1.2.3.4/24", "[1.2.3.4]x",
        String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "ab",
    ])
    func entryThatCannotMatchIsAProblem(entry: String) throws {
        let hosts = AllowedHosts(["grr.la", entry])
        #expect(hosts.problems.count == 1)
        let problem = try #require(hosts.problems.first)
        #expect(problem.hasPrefix("\"\(entry)\" never matches: ") && problem.hasSuffix("."))
        #expect(hosts.accepts(.name("grr.la")))
        #expect(AllowedHosts([entry]).accepts(.name("localhost")) == false)
    }

    @Test func listsAreComparedByMeaning() {
        #expect(AllowedHosts(["a.example", "B.example"]) == AllowedHosts(["b.example", "A.example", "a.example"]))
        #expect(AllowedHosts(["a.example"]) != AllowedHosts(["a.*"]))
    }
}
