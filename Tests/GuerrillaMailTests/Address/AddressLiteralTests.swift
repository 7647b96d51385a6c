import GuerrillaMail
import Testing

struct AddressLiteralTests {
    @Test(arguments: [
        ("[1.1.1.1]", "[1.1.1.1]"), ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"), ("[ipv6:::1]", "[IPv6:::1]"),
        ("[IPV6:2001:DB8:0:0:0:0:0:1]", "[IPv6:2001:db8::1]"), ("[IPv6:::FFFF:C0A8:1]", "[192.168.0.1]"),
        ("[IPv6:::ffff:192.168.0.1]", "[192.168.0.1]"), ("[x400:c=us]", "[x400:c=us]"),
        ("[x-y-9:!\"#^_`{|}~:]", "[x-y-9:!\"#^_`{|}~:]"), ("[2001:db8::1]", "[2001:db8::1]"),
    ])
    func literalIsReadAndWrittenCanonically(text: String, canonical: String) throws {
        let literal = try #require(AddressLiteral(text))
        #expect(literal.description == canonical)
        #expect(AddressLiteral(canonical) == literal)
    }

    @Test(arguments: [
        "", "[", "]", "[]", "[[]]", "[1.1.1.1", "1.1.1.1]", "1.1.1.1", "[1.1.1]", "[1.1.1.256]", "[01.1.1.1]",
        "[1.1.1.1.]", "[ 1.1.1.1]", "[1.1.1.1 ]", "[example.com]", "[::1]", "[IPv6:]", "[IPv6:1.2.3.4]",
        "[IPv6:IPv6:::1]", "[IPv6:::1%lo]", "[IPv6:g::1]", "[IPv61::1]x", "[:x]", "[x:]", "[x-:y]", "[a_b:y]",
        "[x:y z]", "[x:y\\z]", "[x:[]", "[x:]]", "[x:\u{7f}]", "[x:é]", "[é:x]", "[x:\r\n]",
    ])
    func otherTextIsRefused(text: String) {
        #expect(AddressLiteral(text) == nil)
    }

    @Test func generalLiteralKeepsTagAndContent() {
        #expect(AddressLiteral("[Tag-1:a:b]") == .general(tag: "Tag-1", content: "a:b"))
    }
}
