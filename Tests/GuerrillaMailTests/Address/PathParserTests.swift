import GuerrillaMail
import Testing

private typealias Code = PathSyntaxError.Code

private func reversePath(
    _ text: String,
    limits: PathLimits = PathLimits(),
    allowsUTF8: Bool = false
) throws(PathSyntaxError) -> (path: ReversePath, parameters: [ESMTPParameter]) {
    let bytes = Array(text.utf8)
    return try PathParser.parseReversePath(bytes.span, limits: limits, allowsUTF8: allowsUTF8)
}

private func forwardPath(
    _ text: String,
    limits: PathLimits = PathLimits(),
    allowsUTF8: Bool = false
) throws(PathSyntaxError) -> (path: ForwardPath, parameters: [ESMTPParameter]) {
    let bytes = Array(text.utf8)
    return try PathParser.parseForwardPath(bytes.span, limits: limits, allowsUTF8: allowsUTF8)
}

private func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

struct PathParserTests {
    // MARK: Mailboxes

    /// Argument, local part, domain as written.
    @Test(arguments: [
        ("<alice@example.com>", "alice", "example.com"), ("<test@localhost>", "test", "localhost"),
        ("<Alice.B.C@Example.COM>", "Alice.B.C", "Example.COM"), ("<a@1.1.1.1>", "a", "1.1.1.1"),
        (" <a@b>", "a", "b"), ("   <a@b>", "a", "b"), ("<a@b> ", "a", "b"), ("<a@b>   ", "a", "b"),
        ("<!#$%&'*+-/=?^_`{|}~09azAZ@b>", "!#$%&'*+-/=?^_`{|}~09azAZ", "b"), ("<1@2>", "1", "2"),
        ("<a@a---b.c-d>", "a", "a---b.c-d"), ("<a@_dmarc.my_host.example>", "a", "_dmarc.my_host.example"),
        ("<postmaster@example.com>", "postmaster", "example.com"),
        ("<Postmaster@example.com>", "Postmaster", "example.com"),
        ("<postmaster_x@d.example>", "postmaster_x", "d.example"), ("<postmasters@d>", "postmasters", "d"),
        // Quoted strings lose quotes and escapes.
        (#"<"John Doe"@example.com>"#, "John Doe", "example.com"), (#"<""@b>"#, "", "b"), (#"<"a"@b>"#, "a", "b"),
        (#"<"a\b"@b>"#, "ab", "b"), (#"<"\""@b>"#, "\"", "b"), (#"<"\\"@b>"#, "\\", "b"),
        (#"<"a@b"@c>"#, "a@b", "c"), (#"<"><"@c>"#, "><", "c"), (#"<"a\ b"@c>"#, "a b", "c"),
        (#"<"..a.."@c>"#, "..a..", "c"), (#"<"Po\stmas\ter"@c>"#, "Postmaster", "c"),
        (
            #"<" yo-- man wazz'''up? surprise \surprise, this is POSSIBLE@fake.com "@example.com>"#,
            " yo-- man wazz'''up? surprise surprise, this is POSSIBLE@fake.com ", "example.com"
        ),
        // Literals, IPv6 in its shortest form.
        ("<a@[1.1.1.1]>", "a", "[1.1.1.1]"), ("<a@[IPv6:2001:db8::1]>", "a", "[IPv6:2001:db8::1]"),
        ("<a@[ipv6:2001:DB8:0::1]>", "a", "[IPv6:2001:db8::1]"), ("<a@[IPv6:::ffff:1.2.3.4]>", "a", "[1.2.3.4]"),
        ("<a@[x400:c=us]>", "a", "[x400:c=us]"),
        // Source routes are dropped.
        ("<@a:user@b>", "user", "b"), ("<@a,@b.example,@c-d:user@e>", "user", "e"), (#"<@a:"x y"@b>"#, "x y", "b"),
        ("<@a:user@[1.2.3.4]>", "user", "[1.2.3.4]"), ("<@a:postmaster@b>", "postmaster", "b"),
    ])
    func mailboxIsRead(argument: String, localPart: String, domain: String) throws {
        let reverse = try reversePath(argument)
        let mailbox = try #require(reverse.path.mailbox)
        #expect(mailbox.localPart == localPart)
        #expect(mailbox.domain.description == domain)
        #expect(reverse.parameters.isEmpty)
        // A forward-path is read the same way, also when UTF-8 is allowed, and its text is read again as the same.
        #expect(try forwardPath(argument, allowsUTF8: true).path == .mailbox(mailbox))
        #expect(try forwardPath("<\(mailbox)>").path == .mailbox(mailbox))
    }

    @Test func literalAndNameOfDigitsDiffer() throws {
        #expect(try forwardPath("<a@1.1.1.1>").path.mailbox?.domain == .name("1.1.1.1"))
        let literal = MailDomain.literal(.ip(.v4(IPv4Address(1, 1, 1, 1))))
        #expect(try forwardPath("<a@[1.1.1.1]>").path.mailbox?.domain == literal)
    }

    @Test func longAndShortFormOfALiteralAreEqual() throws {
        let long = try forwardPath("<a@[IPv6:2001:0db8:0000:0000:0000:ff00:0042:8329]>").path
        #expect(try forwardPath("<a@[ipv6:2001:db8::ff00:42:8329]>").path == long)
    }

    // MARK: Null and postmaster

    @Test(arguments: ["<>", " <>", "<> "])
    func nullReversePathIsRead(argument: String) throws {
        #expect(try reversePath(argument).path == .null)
    }

    @Test func nullForwardPathIsRefused() {
        #expect(throws: PathSyntaxError(code: .nullForwardPath, offset: 1)) { try forwardPath("<>") }
    }

    @Test(arguments: [
        "<postmaster>", "<Postmaster>", "<POSTMASTER>", " <postmaster>", #"<"Po\stmas\ter">"#, #"<"postmaster">"#,
        #"<"\p\o\s\t\m\a\s\t\e\r">"#,
    ])
    func postmasterNeedsNoDomainAsForwardPath(argument: String) throws {
        #expect(try forwardPath(argument).path == .postmaster)
        #expect(throws: PathSyntaxError.self) { try reversePath(argument) }
    }

    @Test(arguments: [
        "<postmasters>", "<postmaste>", "<postmaster.x>", "<postmaster_x>", "<@a:postmaster>", #"<"postmaster ">"#,
    ])
    func otherWordsNeedADomain(argument: String) {
        #expect(throws: PathSyntaxError(code: .missingDomain, offset: argument.utf8.count - 1)) {
            try forwardPath(argument)
        }
    }

    // MARK: Faults

    @Test(
        arguments: [
            ("", .expectedAngleBracket, 0), ("   ", .expectedAngleBracket, 3), ("x", .expectedAngleBracket, 0),
            ("a@b", .expectedAngleBracket, 0), ("test@example.com>", .expectedAngleBracket, 0),
            ("\t<a@b>", .expectedAngleBracket, 0), ("Alice <a@b>", .expectedAngleBracket, 0),
            ("<", .unterminated, 1), ("<a", .unterminated, 2), ("<a.", .unterminated, 3), ("<a@b", .unterminated, 4),
            ("<@a", .unterminated, 3), ("<@a:", .unterminated, 4), ("<@a:x", .unterminated, 5),
            (#"<"a"#, .unterminated, 3), (#"<"a\"#, .unterminated, 4), (#"<"a\""#, .unterminated, 5),
            (#"<"a""#, .unterminated, 4), ("<a@[1.1.1.1]", .unterminated, 12),
            ("<<>>", .invalidLocalPart, 1), ("<.a@b>", .invalidLocalPart, 1), ("<a.@b>", .invalidLocalPart, 3),
            ("<a..b@c>", .invalidLocalPart, 3), ("<.>", .invalidLocalPart, 1), ("< a@b>", .invalidLocalPart, 1),
            ("<a b@c>", .invalidLocalPart, 2), ("<a\tb@c>", .invalidLocalPart, 2), ("<a\0@c>", .invalidLocalPart, 2),
            ("<a(x)@c>", .invalidLocalPart, 2), ("<a,b@c>", .invalidLocalPart, 2), ("<a:b@c>", .invalidLocalPart, 2),
            ("<a[b@c>", .invalidLocalPart, 2), ("<a\u{7f}@c>", .invalidLocalPart, 2),
            ("<a\r\n@c>", .invalidLocalPart, 2),
            (#"<a\b@c>"#, .invalidLocalPart, 2), (#"<a\@b@c>"#, .invalidLocalPart, 2),
            (#"<a"b"@c>"#, .invalidLocalPart, 2), (#"<"a".b@c>"#, .invalidLocalPart, 4),
            (#"<"a"b@c>"#, .invalidLocalPart, 4), (#"<"a""b"@c>"#, .invalidLocalPart, 4),
            ("<\"a\tb\"@c>", .invalidLocalPart, 3),
            ("<\"a\r\n\"@c>", .invalidLocalPart, 3), ("<\"a\\\0\"@c>", .invalidLocalPart, 4),
            ("<\"a\u{7f}\"@c>", .invalidLocalPart, 3), ("<\"a\\\u{7f}\"@c>", .invalidLocalPart, 4),
            ("<justatest>", .missingDomain, 10), (#"<"a">"#, .missingDomain, 4), ("<@a:b>", .missingDomain, 5),
            ("<a@>", .invalidDomain, 3), ("<a@", .invalidDomain, 3), ("<a@@b>", .invalidDomain, 3),
            ("<a@b@c>", .invalidDomain, 4), ("<a@.b>", .invalidDomain, 3), ("<a@b.>", .invalidDomain, 5),
            ("<a@b..c>", .invalidDomain, 5), ("<a@-b>", .invalidDomain, 3), ("<a@b->", .invalidDomain, 5),
            ("<a@b-.c>", .invalidDomain, 5), ("<a@b.-c>", .invalidDomain, 5), ("<a@b c>", .invalidDomain, 4),
            ("<a@b >", .invalidDomain, 4), ("<a@b!c>", .invalidDomain, 4), ("<a@b:25>", .invalidDomain, 4),
            ("<a@b,c>", .invalidDomain, 4), ("<a@b\0>", .invalidDomain, 4), ("<a@b<>", .invalidDomain, 4),
            ("<a@b\\>", .invalidDomain, 4), ("<a@1.1.1.1]>", .invalidDomain, 10),
            ("<a@[]>", .invalidLiteral, 3), ("<a@[1.1.1]>", .invalidLiteral, 3),
            ("<a@[1.1.1.256]>", .invalidLiteral, 3),
            ("<a@[01.1.1.1]>", .invalidLiteral, 3), ("<a@[IPv6:1::2::3]>", .invalidLiteral, 3),
            ("<a@[IPv6:1.2.3.4]>", .invalidLiteral, 3), ("<a@[IPv6:IPv6:::1]>", .invalidLiteral, 3),
            ("<a@[::1]>", .invalidLiteral, 3), ("<a@[1.1.1.1>", .invalidLiteral, 12),
            ("<a@[1.1.1.1 ]>", .invalidLiteral, 11),
            ("<a@[1.1.1.1]b>", .invalidLiteral, 12), ("<a@[1.1.1.1] >", .invalidLiteral, 12),
            ("<a@[[1.1.1.1]]>", .invalidLiteral, 4), ("<a@[x:y\\]>", .invalidLiteral, 7),
            ("<a@b[1.1.1.1]>", .invalidDomain, 4),
            ("<@>", .invalidSourceRoute, 2), ("<@a>", .invalidSourceRoute, 3), ("<@:a@b>", .invalidSourceRoute, 2),
            ("<@a,:b@c>", .invalidSourceRoute, 4), ("<@a,b:c@d>", .invalidSourceRoute, 4),
            ("<@a, @b:c@d>", .invalidSourceRoute, 4), ("<@a;b@c>", .invalidSourceRoute, 3),
            ("<@-a:b@c>", .invalidSourceRoute, 2), ("<@[1.1.1.1]:b@c>", .invalidSourceRoute, 2),
            ("<@a@b>", .invalidSourceRoute, 3), ("<@a:>", .invalidLocalPart, 4), ("<@a:@b>", .invalidLocalPart, 4),
            ("<@a:@b:c@d>", .invalidLocalPart, 4), ("<@a,", .invalidSourceRoute, 4),
            ("<a@b>r", .trailingText, 5), ("<a@b>>", .trailingText, 5), ("<a@b>\t", .trailingText, 5),
            ("<a@b>SIZE=1", .trailingText, 5), ("<a@b>\r", .trailingText, 5), ("<a@b>\0", .trailingText, 5),
        ] as [(String, PathSyntaxError.Code, Int)]
    )
    func faultIsReportedWithItsOffset(argument: String, code: PathSyntaxError.Code, offset: Int) {
        let error = PathSyntaxError(code: code, offset: offset)
        #expect(throws: error) { try reversePath(argument) }
        #expect(throws: error) { try forwardPath(argument) }
        #expect(throws: error) { try forwardPath(argument, allowsUTF8: true) }
    }

    @Test func textAfterTheNullPathIsAFault() {
        #expect(throws: PathSyntaxError(code: .trailingText, offset: 2)) { try reversePath("<>r") }
    }
}

struct PathParserLimitTests {
    private static let domain255 = repeated("d.", 127) + "d"

    /// Path, and `nil` when it is accepted.
    @Test(
        arguments: [
            ("<" + repeated("a", 128) + "@b>", nil, 0), ("<" + repeated("a", 129) + "@b>", .localPartTooLong, 129),
            // Quotes and escapes count.
            ("<\"" + repeated("a", 126) + "\"@b>", nil, 0),
            ("<\"" + repeated("a", 127) + "\"@b>", .localPartTooLong, 129),
            ("<\"" + repeated("\\a", 64) + "\"@b>", .localPartTooLong, 129),
            // 256 with the brackets, whatever the parts.
            ("<a@" + repeated("d.", 126) + ">", .invalidDomain, 255), ("<a@" + repeated("d.", 125) + "dd>", nil, 0),
            ("<a@" + repeated("d.", 126) + "d>", .pathTooLong, 256),
            ("<" + repeated("a", 257) + "@b>", .pathTooLong, 256),
            ("  <" + repeated("a", 257) + "@b>", .pathTooLong, 258),
            ("<@" + repeated("r.", 126) + "r:a@b>", .pathTooLong, 256), ("<@" + repeated("r.", 120) + "r:a@b>", nil, 0),
            // A label, when nothing larger is too long.
            ("<a@" + repeated("d", 63) + ".c>", nil, 0), ("<a@" + repeated("d", 64) + ".c>", .invalidDomain, 66),
            ("<a@" + repeated("d", 300) + ">", .pathTooLong, 256),
            ("<@" + repeated("d", 64) + ":a@b>", .invalidSourceRoute, 65),
        ] as [(String, PathSyntaxError.Code?, Int)]
    )
    func lengthsAreLimited(argument: String, code: PathSyntaxError.Code?, offset: Int) throws {
        if let code {
            #expect(throws: PathSyntaxError(code: code, offset: offset)) { try forwardPath(argument) }
            #expect(throws: PathSyntaxError(code: code, offset: offset)) { try reversePath(argument) }
        } else {
            #expect(try forwardPath(argument).path.mailbox != nil)
        }
    }

    @Test func domainIsLimited() throws {
        var limits = PathLimits()
        limits.path = 1000
        #expect(try forwardPath("<a@\(Self.domain255)>", limits: limits).path.mailbox != nil)
        #expect(throws: PathSyntaxError(code: .domainTooLong, offset: 3 + 255)) {
            try forwardPath("<a@\(Self.domain255)e>", limits: limits)
        }
        limits.domain = 8
        #expect(throws: PathSyntaxError(code: .domainTooLong, offset: 3 + 8)) {
            try forwardPath("<a@[1.1.1.1]>", limits: limits)
        }
    }

    @Test func senselessLimitsRefuseEverything() {
        var limits = PathLimits()
        limits.path = .min
        #expect(throws: PathSyntaxError(code: .pathTooLong, offset: 0)) { try forwardPath("<a@b>", limits: limits) }
        limits = PathLimits()
        limits.parameters = -1
        #expect(throws: PathSyntaxError(code: .tooManyParameters, offset: 6)) {
            try forwardPath("<a@b> X", limits: limits)
        }
    }

    @Test func parametersAreLimited() throws {
        #expect(try reversePath("<a@b>" + repeated(" X=1", 16)).parameters.count == 16)
        #expect(throws: PathSyntaxError(code: .tooManyParameters, offset: 5 + 16 * 4 + 1)) {
            try reversePath("<a@b>" + repeated(" X=1", 17))
        }
        // They are no part of the path.
        #expect(try reversePath("<a@b> X=" + repeated("y", 500)).parameters.first?.value?.utf8.count == 500)
    }
}

struct PathParserParameterTests {
    @Test(arguments: [
        ("SIZE=1000", [ESMTPParameter(keyword: "SIZE", value: "1000")]),
        ("size=1000", [ESMTPParameter(keyword: "SIZE", value: "1000")]),
        ("BODY=8BITMIME", [ESMTPParameter(keyword: "BODY", value: "8BITMIME")]),
        // go-guerrilla loses what follows a keyword without value.
        ("SMTPUTF8 SIZE=3", [ESMTPParameter(keyword: "SMTPUTF8"), ESMTPParameter(keyword: "SIZE", value: "3")]),
        ("  A   B=c  ", [ESMTPParameter(keyword: "A"), ESMTPParameter(keyword: "B", value: "c")]),
        ("A=1 A=2", [ESMTPParameter(keyword: "A", value: "1"), ESMTPParameter(keyword: "A", value: "2")]),
        ("8-a--b-=x", [ESMTPParameter(keyword: "8-A--B-", value: "x")]),
        ("AUTH=<>", [ESMTPParameter(keyword: "AUTH", value: "<>")]),
        ("ORCPT=rfc822;bob+2Bx@example.com", [ESMTPParameter(keyword: "ORCPT", value: "rfc822;bob+2Bx@example.com")]),
        ("NOTIFY=SUCCESS,FAILURE", [ESMTPParameter(keyword: "NOTIFY", value: "SUCCESS,FAILURE")]),
        ("X=!~", [ESMTPParameter(keyword: "X", value: "!~")]),
    ])
    func parametersAreReadInOrder(text: String, parameters: [ESMTPParameter]) throws {
        #expect(try reversePath("<a@b> \(text)").parameters == parameters)
        #expect(try reversePath("<> \(text)").parameters == parameters)
        #expect(try forwardPath("<postmaster> \(text)").parameters == parameters)
    }

    @Test(arguments: [
        ("=", 0), ("=x", 0), ("-A", 0), ("_A", 0), ("@", 0), ("A=", 2), ("A= B", 2), ("A=b=c", 3), ("A==", 2),
        ("A_B", 1), ("A\tB", 1), ("A=b\tc", 3), ("A=\0", 2), ("A=\u{7f}", 2), ("A=b\r", 3), ("A,B", 1), ("A\0", 1),
        ("A B C=", 6), ("é", 0),
    ])
    func faultIsReportedWithItsOffset(text: String, offset: Int) {
        #expect(throws: PathSyntaxError(code: .invalidParameter, offset: 6 + offset)) {
            try reversePath("<a@b> \(text)")
        }
    }

    @Test func valueMayBeUTF8WhenAllowed() throws {
        let text = "<a@b> ORCPT=utf-8;jos\u{e9}"
        #expect(try forwardPath(text, allowsUTF8: true).parameters.first?.value == "utf-8;jos\u{e9}")
        #expect(throws: PathSyntaxError(code: .nonASCII, offset: 21)) { try forwardPath(text) }
    }
}

struct PathParserUTF8Tests {
    @Test(arguments: [
        ("<josé@example.com>", "josé", "example.com", 4), ("<a@bücher.example>", "a", "bücher.example", 4),
        ("<\"jo sé\"@b>", "jo sé", "b", 6), ("<用户@例子.广告>", "用户", "例子.广告", 1), ("<é.é@é-é.é>", "é.é", "é-é.é", 1),
        ("<\u{1F600}@b>", "\u{1F600}", "b", 1), ("<a@\u{A0}>", "a", "\u{A0}", 3), ("<@é:a@b>", "a", "b", 2),
        // The longest label is counted in characters.
        ("<a@" + repeated("é", 63) + ">", "a", repeated("é", 63), 3),
    ])
    func utf8IsReadWhenAllowed(argument: String, localPart: String, domain: String, offset: Int) throws {
        let path = try forwardPath(argument, allowsUTF8: true).path
        #expect(path.mailbox?.localPart == localPart)
        #expect(path.mailbox?.domain == .name(domain))
        #expect(try forwardPath("<\(path)>", allowsUTF8: true).path == path)
        #expect(throws: PathSyntaxError(code: .nonASCII, offset: offset)) { try forwardPath(argument) }
        #expect(throws: PathSyntaxError(code: .nonASCII, offset: offset)) { try reversePath(argument) }
    }

    @Test(
        arguments: [
            ("<a@" + repeated("é", 64) + ">", .invalidDomain, 3 + 126), ("<\"\\é\"@b>", .invalidLocalPart, 3),
            ("<a@[é]>", .invalidLiteral, 4), ("<a@[1.1.1.1é]>", .invalidLiteral, 11), ("<a@é-.b>", .invalidDomain, 6),
            ("<a\u{80}@b>", .invalidUTF8, 2), ("<a\u{85}@b>", .invalidUTF8, 2), ("<a@b\u{9F}>", .invalidUTF8, 4),
        ] as [(String, PathSyntaxError.Code, Int)]
    )
    func utf8HasItsLimits(argument: String, code: PathSyntaxError.Code, offset: Int) {
        #expect(throws: PathSyntaxError(code: code, offset: offset)) { try forwardPath(argument, allowsUTF8: true) }
    }

    /// RFC 3629 § 3, § 4 and § 10: stray, missing, overlong, surrogate, beyond U+10FFFF, C1.
    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x80], [0xC2, 0x9F], [0xC3, 0x40],
            [0xE0, 0x80, 0x80],
            [0xE0, 0x9F, 0xBF], [0xE1, 0x80], [0xE1, 0x80, 0x40], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBF],
            [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF1, 0x80, 0x80], [0xF1, 0x80, 0x80, 0x40],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ] as [[UInt8]]
    )
    func illFormedUTF8IsRefusedEverywhere(octets: [UInt8]) {
        let places: [(before: String, after: String)] = [
            ("<", "@b>"), ("<x", "y@b>"), ("<\"", "\"@b>"), ("<a@", ">"), ("<a@x", "y.z>"), ("<@", ":a@b>"),
            ("<a@b> X=", ""), ("<", ""), ("<\"", ""), ("<a@", ""),
        ]
        for (before, after) in places {
            let bytes = Array(before.utf8) + octets + Array(after.utf8)
            #expect(throws: PathSyntaxError(code: .invalidUTF8, offset: before.utf8.count)) {
                try PathParser.parseForwardPath(bytes.span, limits: PathLimits(), allowsUTF8: true)
            }
        }
    }

    @Test(
        arguments: [
            [0xC2, 0xA0], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBD],
            [0xF0, 0x90, 0x80, 0x80], [0xF3, 0xBF, 0xBF, 0xBF], [0xF4, 0x8F, 0xBF, 0xBF],
        ] as [[UInt8]]
    )
    func wellFormedUTF8AtTheEdgesIsRead(octets: [UInt8]) throws {
        let bytes = Array("<".utf8) + octets + Array("@b>".utf8)
        let (path, _) = try PathParser.parseForwardPath(bytes.span, limits: PathLimits(), allowsUTF8: true)
        #expect(path.mailbox.map { Array($0.localPart.utf8) } == octets)
    }
}
