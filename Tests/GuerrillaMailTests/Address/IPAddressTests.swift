import GuerrillaMail
import Testing

struct IPAddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1", "[192.0.2.1]"), ("2001:DB8:0::1", "2001:db8::1", "[IPv6:2001:db8::1]"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1", "[IPv6:::ffff:192.0.2.1]"),
    ])
    func addressHasATextAndALiteral(text: String, description: String, literal: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == description)
        #expect(address.literal == literal)
        #expect(AddressLiteral(literal) == .ip(address.canonical))
    }

    @Test(arguments: ["", "example.com", "1.2.3", "[192.0.2.1]", "IPv6:::1", "::1%lo"])
    func otherTextIsRefused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.1.2.3", true), ("::1", true), ("::ffff:127.0.0.1", true), ("192.0.2.1", false),
        ("::", false), ("::ffff:192.0.2.1", false), ("fe80::1", false), ("::127.0.0.1", false),
    ])
    func loopbackIsKnownInBothFamilies(text: String, isLoopback: Bool) throws {
        #expect(try #require(IPAddress(text)).isLoopback == isLoopback)
    }

    @Test func mappedAddressIsCanonicallyIPv4() throws {
        #expect(IPAddress("::ffff:c000:201")?.canonical == IPAddress("192.0.2.1"))
        #expect(IPAddress("::ffff:c000:201") != IPAddress("192.0.2.1"))
        #expect(IPAddress("2001:db8::1")?.canonical == IPAddress("2001:db8::1"))
    }
}
