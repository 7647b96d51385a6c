import GuerrillaMail
import Testing

struct HeloArgumentParserTests {
    private func parse(_ text: String) throws(PathSyntaxError) -> MailDomain {
        let bytes = Array(text.utf8)
        return try HeloArgumentParser.parse(bytes.span)
    }

    @Test(arguments: [
        "localhost", "example.com", "mail.Example.COM", "a---b.example", "1.1.1.1", "123", "my_pc", "_x._y",
        "DESKTOP-1.local", "example.com.", "xn--bcher-kva.example", "a.b.c.d.e.f",
        String(repeating: "a", count: 63),
        Array(repeating: String(repeating: "a", count: 63), count: 3)
            .joined(separator: ".") + "." + String(repeating: "b", count: 63),
    ])
    func nameIsKeptAsSent(text: String) throws {
        #expect(try parse(text).description == text)
        guard case .name = try parse(text) else { return #expect(Bool(false), "not a name") }
    }

    @Test(arguments: [
        ("[127.0.0.1]", "[127.0.0.1]"), ("[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]"), ("[ipv6:::1]", "[IPv6:::1]"),
        ("[IPv6:::ffff:127.0.0.1]", "[127.0.0.1]"), ("[x:y]", "[x:y]"),
    ])
    func literalIsAccepted(text: String, canonical: String) throws {
        guard case .literal(let literal) = try parse(text) else { return #expect(Bool(false), "not a literal") }
        #expect(literal.description == canonical)
    }

    @Test(arguments: [" example.com", "  example.com", "example.com ", " example.com  "])
    func spacesAroundAreSkipped(text: String) throws {
        #expect(try parse(text) == .name("example.com"))
    }

    @Test(
        arguments: [
            ("", .missingDomain, 0), ("  ", .missingDomain, 2), (".", .invalidDomain, 0), ("..", .invalidDomain, 0),
            ("a..b", .invalidDomain, 2), ("a.b..", .invalidDomain, 4), (".a", .invalidDomain, 0),
            ("-a", .invalidDomain, 0), ("a-", .invalidDomain, 2), ("a-.b", .invalidDomain, 2),
            ("a.-b", .invalidDomain, 2), ("a b", .invalidDomain, 1), ("a\tb", .invalidDomain, 1),
            ("a\0", .invalidDomain, 1), ("a\r", .invalidDomain, 1), ("a\n", .invalidDomain, 1),
            ("a@b", .invalidDomain, 1), ("a:b", .invalidDomain, 1), ("a,b", .invalidDomain, 1),
            ("a>", .invalidDomain, 1), ("<a>", .invalidDomain, 0), ("\u{7f}", .invalidDomain, 0),
            ("test.com'\"><h1>x</h1>", .invalidDomain, 8), ("bücher.example", .nonASCII, 1), ("aé", .nonASCII, 1),
            ("[", .invalidLiteral, 1), ("[]", .invalidLiteral, 0), ("[1.2.3.4", .invalidLiteral, 8),
            ("[1.2.3.4] x", .invalidLiteral, 9), ("[1.2.3.4].", .invalidLiteral, 9),
            ("[1.2.3.256]", .invalidLiteral, 0),
            ("[::1]", .invalidLiteral, 0), ("[IPv6:x]", .invalidLiteral, 0), ("[1.2.3.4]é", .nonASCII, 9),
            ("[é]", .nonASCII, 1),
            (String(repeating: "a", count: 64), .invalidDomain, 63),
            ("b." + String(repeating: "a", count: 64) + ".c", .invalidDomain, 65),
            (String(repeating: "a.", count: 128), .domainTooLong, 255),
            ("[x:" + String(repeating: "a", count: 300) + "]", .domainTooLong, 255),
        ] as [(String, PathSyntaxError.Code, Int)]
    )
    func otherTextIsRefused(text: String, code: PathSyntaxError.Code, offset: Int) {
        #expect(throws: PathSyntaxError(code: code, offset: offset)) { try parse(text) }
    }
}
