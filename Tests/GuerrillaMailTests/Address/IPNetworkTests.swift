import GuerrillaMail
import Testing

struct IPNetworkTests {
    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.0/24"), ("192.0.2.7", "192.0.2.7/32"), ("0.0.0.0/0", "0.0.0.0/0"),
        ("192.0.2.7/32", "192.0.2.7/32"), ("128.0.0.0/1", "128.0.0.0/1"), ("2001:DB8::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1/128"), ("::/0", "::/0"), ("::1/128", "::1/128"), ("8000::/1", "8000::/1"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"), ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
    ])
    func networkIsRead(text: String, description: String) throws {
        #expect(try IPNetwork(parsing: text).description == description)
    }

    @Test(arguments: [
        ("", IPNetworkSyntaxError.invalidAddress), ("/24", .invalidAddress), ("example.com", .invalidAddress),
        ("10.0.0/8", .invalidAddress), ("[::1]/128", .invalidAddress), ("fe80::1%lo/64", .invalidAddress),
        (" 192.0.2.1", .invalidAddress), ("192.0.2.0/", .invalidPrefixLength(maximum: 32)),
        ("192.0.2.0/33", .invalidPrefixLength(maximum: 32)), ("192.0.2.0/024", .invalidPrefixLength(maximum: 32)),
        ("192.0.2.0/-1", .invalidPrefixLength(maximum: 32)), ("192.0.2.0/+8", .invalidPrefixLength(maximum: 32)),
        ("192.0.2.0/24/8", .invalidPrefixLength(maximum: 32)), ("192.0.2.0/1000", .invalidPrefixLength(maximum: 32)),
        ("192.0.2.0/255.255.255.0", .invalidPrefixLength(maximum: 32)), ("::/129", .invalidPrefixLength(maximum: 128)),
        ("192.0.2.7/24", .bitsAfterPrefix(suggestion: "192.0.2.0/24")),
        ("1.0.0.0/0", .bitsAfterPrefix(suggestion: "0.0.0.0/0")),
        ("2001:db8::1/64", .bitsAfterPrefix(suggestion: "2001:db8::/64")),
        // Short of 96 bits a mapped prefix is not all IPv4, and has bits after it.
        ("::ffff:0:0/95", .bitsAfterPrefix(suggestion: "::fffe:0:0/95")),
    ])
    func otherTextIsRefusedWithItsReason(text: String, error: IPNetworkSyntaxError) {
        #expect(throws: error) { try IPNetwork(parsing: text) }
        #expect(!error.description.isEmpty)
    }

    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.0", true), ("192.0.2.0/24", "192.0.2.255", true),
        ("192.0.2.0/24", "192.0.3.0", false), ("192.0.2.0/24", "192.0.1.255", false),
        ("192.0.2.0/24", "::ffff:192.0.2.1", true), ("192.0.2.0/24", "::192.0.2.1", false),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false), ("0.0.0.0/0", "255.255.255.255", true),
        ("0.0.0.0/0", "::1", false), ("::/0", "2001:db8::1", true), ("::/0", "192.0.2.1", false),
        ("::/0", "::ffff:192.0.2.1", false), ("2001:db8::/33", "2001:db8:7fff::", true),
        ("2001:db8::/33", "2001:db8:8000::", false), ("::1/128", "::1", true), ("::1/128", "::2", false),
        ("::ffff:192.0.2.0/120", "192.0.2.9", true),
    ])
    func addressIsInsideOrOutside(network: String, address: String, isInside: Bool) throws {
        let address = try #require(IPAddress(address))
        #expect(try IPNetwork(parsing: network).contains(address) == isInside)
        #expect(try [IPNetwork(parsing: network)].cover(address) == isInside)
    }

    @Test func listCoversWhatOneOfItsNetworksHas() throws {
        let networks = try [IPNetwork(parsing: "192.0.2.0/24"), IPNetwork(parsing: "2001:db8::/32")]
        #expect(networks.cover(IPAddress("2001:db8::7")))
        #expect(!networks.cover(IPAddress("198.51.100.1")))
        #expect(!networks.cover(nil))
        #expect(![IPNetwork]().cover(IPAddress("127.0.0.1")))
    }

    @Test(arguments: ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"])
    func loopbackCoversLoopbackAddresses(text: String) {
        #expect(IPNetwork.loopback.cover(IPAddress(text)))
        #expect(!IPNetwork.loopback.cover(IPAddress("126.255.255.255")))
        #expect(!IPNetwork.loopback.cover(IPAddress("::2")))
    }
}
