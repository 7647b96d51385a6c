import GuerrillaMail
import GuerrillaTestSupport
import Testing

struct IPv6AddressTests {
    /// Text and its shortest form. (RFC 5952)
    @Test(arguments: [
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("0:0:0:0:0:0:0:0", "::"), ("0:0:0:0:0:0:0:1", "::1"),
        ("2001:db8::1", "2001:db8::1"), ("2001:DB8::FF00:42:8329", "2001:db8::ff00:42:8329"),
        ("2001:0db8:0000:0000:0000:ff00:0042:8329", "2001:db8::ff00:42:8329"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        // A single group of zeros is not shortened, also when `::` stood for it.
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        // The longest run, and the first of two.
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("0:0:1:0:0:0:0:0", "0:0:1::"), ("1:0:0:0:0:0:0:0", "1::"), ("fe80::1", "fe80::1"),
        // Embedded IPv4.
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("::FFFF:C0A8:1", "::ffff:192.168.0.1"),
        ("0:0:0:0:0:ffff:127.0.0.1", "::ffff:127.0.0.1"), ("::192.0.2.1", "::c000:201"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"),
        ("1111:2222:3333:4444:5555:6666:123.123.123.123", "1111:2222:3333:4444:5555:6666:7b7b:7b7b"),
    ])
    func everyFormIsReadAndWrittenShortest(text: String, shortest: String) throws {
        let address = try #require(IPv6Address(text))
        #expect(address.description == shortest)
        #expect(IPv6Address(shortest) == address)
        #expect(address.octets.count == 16)
        #expect(IPv6Address(octets: address.octets) == address)
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:", ":1", "::1:", ":1::", "1:::2", "1::2::3", "::1::", "12345::", "::12345", "g::",
        "::g", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8",
        "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7::1.2.3.4", "::1.2.3", "::1.2.3.256", "::01.2.3.4", "1.2.3.4",
        "1.2.3.4::", "::1.2.3.4:1", "fe80::1%eth0", "fe80::1%1", "::/0", "2001:db8::1/64", " ::1", "::1 ", "[::1]",
        "IPv6:::1", "::-1", "::+1", "::1\0", "::１", "1:2:3:4:5:6:123.123.123.123.",
        "00000000000000000000000000000000000000000000000000",
    ])
    func otherTextIsRefused(text: String) {
        #expect(IPv6Address(text) == nil)
    }

    @Test(arguments: [0, 1, 4, 15, 17, 32])
    func onlySixteenOctetsMakeAnAddress(count: Int) {
        #expect(IPv6Address(octets: Array(repeating: 1, count: count)) == nil)
    }

    @Test func octetsAreInNetworkOrder() throws {
        let address = try #require(IPv6Address("102:304:506:708:90a:b0c:d0e:f10"))
        #expect(address.octets == Array(1...16))
    }

    @Test(arguments: [
        ("::ffff:192.0.2.1", IPv4Address(192, 0, 2, 1)), ("::ffff:0:0", IPv4Address(0, 0, 0, 0)),
        ("::192.0.2.1", nil), ("1::ffff:192.0.2.1", nil), ("::fffe:192.0.2.1", nil), ("64:ff9b::192.0.2.1", nil),
    ])
    func onlyTheMappedPrefixGivesIPv4(text: String, mapped: IPv4Address?) throws {
        #expect(try #require(IPv6Address(text)).mappedIPv4 == mapped)
    }

    @Test func randomAddressesSurviveTheirText() throws {
        var random = SeededRandom(seed: 6)
        for _ in 0..<5_000 {
            // Groups of few bits, so that runs of zeros are common.
            let octets = (0..<16).map { _ in random.next() % 4 == 0 ? UInt8(truncatingIfNeeded: random.next()) : 0 }
            let address = try #require(IPv6Address(octets: octets))
            #expect(address.octets == octets)
            #expect(IPv6Address(address.description) == address)
            #expect(IPv6Address(address.description.uppercased()) == address)
        }
    }
}
