import GuerrillaMail
import Testing

struct IPv4AddressTests {
    @Test(arguments: [
        ("0.0.0.0", 0), ("127.0.0.1", 0x7F00_0001), ("192.0.2.1", 0xC000_0201), ("255.255.255.255", UInt32.max),
        ("1.10.100.200", 0x010A_64C8),
    ])
    func dottedQuadIsReadAndWritten(text: String, rawValue: UInt32) throws {
        let address = try #require(IPv4Address(text))
        #expect(address.rawValue == rawValue)
        #expect(address.description == text)
        let octets = address.octets
        #expect(address == IPv4Address(octets[0], octets[1], octets[2], octets[3]))
        #expect(IPv4Address("x\(text)".dropFirst()) == address)
    }

    @Test(arguments: [
        "", ".", "...", "1", "1.2", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.", "1.2.3.4.5", "256.0.0.1",
        "1.2.3.256", "1.2.3.999", "1.2.3.1000", "01.2.3.4", "1.2.3.04", "1.2.3.00", "+1.2.3.4", "-1.2.3.4",
        "1.2.3.4 ", " 1.2.3.4", "1.2.3.a", "0x1.2.3.4", "1,2,3,4", "١.2.3.4", "1.2.3.4\0",
        "99999999999999999999.1.1.1",
    ])
    func otherTextIsRefused(text: String) {
        #expect(IPv4Address(text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.255.255", true), ("126.255.255.255", false), ("128.0.0.0", false),
        ("0.0.0.0", false),
    ])
    func loopbackIsTheWholeOf127(text: String, isLoopback: Bool) throws {
        #expect(try #require(IPv4Address(text)).isLoopback == isLoopback)
    }
}
