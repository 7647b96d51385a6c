import GuerrillaMail
import NIOCore
import Testing

@testable import GuerrillaSMTP

struct ProxyHeaderDecoderTests {
    /// The header of a connection, and what is left behind it.
    private static func decode(_ octets: [UInt8]) throws(ProxyHeaderError) -> (header: ProxyHeader?, rest: [UInt8]) {
        var buffer = ByteBuffer(bytes: octets)
        let header = try ProxyHeaderDecoder.decode(&buffer)
        return (header, Array(buffer.readableBytesView))
    }

    private static func client(
        _ source: String,
        _ sourcePort: UInt16,
        _ destination: String,
        _ port: UInt16
    ) throws
        -> ProxyHeader.Origin
    {
        .client(
            source: .init(address: try #require(IPAddress(source)), port: sourcePort),
            destination: .init(address: try #require(IPAddress(destination)), port: port)
        )
    }

    // MARK: Version 1

    @Test(arguments: [
        ("TCP4 192.0.2.1 198.51.100.2 56324 25", "192.0.2.1", 56324, "198.51.100.2", 25),
        ("TCP4 0.0.0.0 255.255.255.255 0 65535", "0.0.0.0", 0, "255.255.255.255", 65535),
        ("TCP6 2001:db8::1 2001:DB8:0:0:0:0:0:2 1 25", "2001:db8::1", 1, "2001:db8::2", 25),
        ("TCP6 ::ffff:192.0.2.1 ::1 1 25", "192.0.2.1", 1, "::1", 25),
    ])
    func lineGivesBothEnds(line: String, source: String, sourcePort: UInt16, destination: String, port: UInt16) throws {
        let (header, rest) = try Self.decode(Array("PROXY \(line)\r\nEHLO x\r\n".utf8))
        #expect(header?.origin == (try Self.client(source, sourcePort, destination, port)))
        #expect(header?.info == ProxyInfo())
        #expect(rest == Array("EHLO x\r\n".utf8))
    }

    @Test(arguments: ["UNKNOWN", "UNKNOWN ", "UNKNOWN ffff::1 whatever \u{7F} 1 2 3"])
    func unknownLineHasNoAddress(line: String) throws {
        #expect(try Self.decode(Array("PROXY \(line)\r\n".utf8)).header?.origin == .unknown)
    }

    @Test(arguments: [
        // go-guerrilla dies of this one.
        ("PROXY TCP4\r\n", ProxyHeaderError.badAddress),
        ("PROXY \r\n", .badProtocol), ("PROXY\r\n", .notProxy), ("proxy TCP4 1.1.1.1 1.1.1.1 1 1\r\n", .notProxy),
        ("PROXY  TCP4 192.0.2.1 198.51.100.2 1 25\r\n", .badProtocol),
        ("PROXY TCP5 192.0.2.1 198.51.100.2 1 25\r\n", .badProtocol),
        ("PROXY tcp4 192.0.2.1 198.51.100.2 1 25\r\n", .badProtocol),
        ("PROXY UNKNOWNX\r\n", .badProtocol), ("PROXY TCP4 192.0.2.1\r\n", .badAddress),
        ("PROXY TCP4 192.0.2.1 198.51.100.2\r\n", .badPort), ("PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n", .badPort),
        ("PROXY TCP4 192.0.2.1 198.51.100.2 1 25 26\r\n", .badPort),
        ("PROXY TCP4 192.0.2.1 198.51.100.2 1 25 \r\n", .badPort),
        ("PROXY TCP4  192.0.2.1 198.51.100.2 1\r\n", .badAddress),
        ("PROXY TCP4 192.0.2.256 198.51.100.2 1 25\r\n", .badAddress),
        ("PROXY TCP4 192.0.2.01 198.51.100.2 1 25\r\n", .badAddress),
        ("PROXY TCP4 ::1 ::1 1 25\r\n", .badAddress), ("PROXY TCP6 192.0.2.1 198.51.100.2 1 25\r\n", .badAddress),
        ("PROXY TCP6 fe80::1%lo ::1 1 25\r\n", .badAddress), ("PROXY TCP4 192.0.2.1 [::1] 1 25\r\n", .badAddress),
        ("PROXY TCP4 192.0.2.1 198.51.100.2 65536 25\r\n", .badPort),
        ("PROXY TCP4 192.0.2.1 198.51.100.2 -1 25\r\n", .badPort),
        ("PROXY TCP4 192.0.2.1 198.51.100.2 +1 25\r\n", .badPort),
        ("PROXY TCP4 192.0.2.1 198.51.100.2 01 25\r\n", .badPort),
        ("PROXY TCP4 192.0.2.1 198.51.100.2  25\r\n", .badPort),
        ("PROXY TCP4 192.0.2.1 198.51.100.2 1 25\n", .badLineEnding),
        ("PROXY TCP4 192.0.2.1 198.51.100.2 1 25\r \n", .badLineEnding),
        ("PROXY TCP4 192.0.2.1\r198.51.100.2 1 25\r\n", .badLineEnding), ("\r\n\r\nEHLO x\r\n", .notProxy),
        ("EHLO client.example\r\n", .notProxy), ("GET / HTTP/1.1\r\n", .notProxy), ("\u{16}\u{3}\u{1}", .notProxy),
    ])
    func malformedLineIsRefused(text: String, error: ProxyHeaderError) {
        #expect(throws: error) { try Self.decode(Array(text.utf8)) }
    }

    /// 107 octets with CRLF are the longest. (§ 2.1)
    @Test func lineHas107OctetsAtMost() throws {
        let longest = "PROXY UNKNOWN " + String(repeating: "x", count: 107 - 16) + "\r\n"
        #expect(longest.utf8.count == 107)
        #expect(try Self.decode(Array(longest.utf8)).header?.origin == .unknown)
        let tooLong = "PROXY UNKNOWN " + String(repeating: "x", count: 107 - 15) + "\r\n"
        #expect(throws: ProxyHeaderError.lineTooLong) { try Self.decode(Array(tooLong.utf8)) }
        // Refused when the 107th octet is there, without waiting for more.
        #expect(throws: ProxyHeaderError.lineTooLong) { try Self.decode(Array(tooLong.utf8.prefix(107))) }
        #expect(try Self.decode(Array(tooLong.utf8.prefix(106))).header == nil)
    }

    // MARK: Version 2

    @Test func binaryHeaderGivesBothEnds() throws {
        var header = BinaryHeader(family: 0x11)
        header.addresses = [192, 0, 2, 1, 198, 51, 100, 2, 0xDC, 0x04, 0, 25]
        let (ipv4, rest) = try Self.decode(header.octets + [0x0D, 0x0A])
        #expect(ipv4?.origin == (try Self.client("192.0.2.1", 56324, "198.51.100.2", 25)))
        #expect(rest == [0x0D, 0x0A])

        header = BinaryHeader(family: 0x21)
        let source = try #require(IPv6Address("2001:db8::1"))
        let mapped = try #require(IPv6Address("::ffff:192.0.2.9"))
        header.addresses = source.octets + mapped.octets + [0, 1, 0, 25]
        #expect(
            try Self.decode(header.octets).header?.origin == (try Self.client("2001:db8::1", 1, "192.0.2.9", 25))
        )
    }

    @Test func clientOfAUnixSocketHasNoAddress() throws {
        var header = BinaryHeader(family: 0x31)
        header.addresses = [UInt8](repeating: 0x2F, count: 216)
        header.vectors = [(0x02, Array("mx.example.org".utf8))]
        let decoded = try Self.decode(header.octets).header
        #expect(decoded?.origin == .unixSocket)
        #expect(decoded?.info.authority == "mx.example.org")
    }

    /// LOCAL is accepted whatever the family says, and AF_UNSPEC with whatever follows. (§ 2.2)
    @Test(
        arguments: [
            (0x20, 0x00, [], ProxyHeader.Origin.proxy), (0x20, 0xFF, [1, 2, 3], .proxy), (0x20, 0x11, [1], .proxy),
            (0x21, 0x00, [], .unknown), (0x21, 0x00, [9, 9], .unknown),
        ] as [(UInt8, UInt8, [UInt8], ProxyHeader.Origin)]
    )
    func headerMayHaveNoClient(command: UInt8, family: UInt8, rest: [UInt8], origin: ProxyHeader.Origin) throws {
        var header = BinaryHeader(command: command, family: family)
        header.addresses = rest
        #expect(try Self.decode(header.octets).header?.origin == origin)
    }

    @Test(
        arguments: [
            (0x11, 0x11, ProxyHeaderError.badVersion), (0x31, 0x11, .badVersion), (0x22, 0x11, .badCommand),
            (0x2F, 0x11, .badCommand), (0x21, 0x12, .datagram), (0x21, 0x22, .datagram), (0x21, 0x32, .datagram),
            (0x21, 0x13, .badFamily), (0x21, 0x41, .badFamily), (0x21, 0xF1, .badFamily), (0x21, 0x01, .badFamily),
            (0x21, 0x10, .badFamily), (0x21, 0x02, .badFamily),
        ] as [(UInt8, UInt8, ProxyHeaderError)]
    )
    func unknownVersionCommandOrFamilyIsRefused(command: UInt8, family: UInt8, error: ProxyHeaderError) {
        var header = BinaryHeader(command: command, family: family)
        header.addresses = [UInt8](repeating: 0, count: 216)
        #expect(throws: error) { try Self.decode(header.octets) }
    }

    @Test(arguments: [(0x11, 12), (0x21, 36), (0x31, 216)] as [(UInt8, Int)])
    func headerTooShortForItsAddressesIsRefused(family: UInt8, length: Int) throws {
        for count in 0..<length {
            var header = BinaryHeader(family: family)
            header.addresses = [UInt8](repeating: 0, count: count)
            #expect(throws: ProxyHeaderError.addressesTooShort) { try Self.decode(header.octets) }
        }
        var header = BinaryHeader(family: family)
        header.addresses = [UInt8](repeating: 0, count: length)
        #expect(try Self.decode(header.octets).header != nil)
    }

    @Test func announcedLengthIsBounded() throws {
        var header = BinaryHeader(family: 0x00)
        header.addresses = [UInt8](repeating: 0, count: 4_096)
        #expect(try Self.decode(header.octets).header?.origin == .unknown)
        header.addresses.append(0)
        #expect(throws: ProxyHeaderError.tooLong) { try Self.decode(header.octets) }
        // At once, without waiting for what is announced.
        #expect(throws: ProxyHeaderError.tooLong) { try Self.decode(Array(header.octets.prefix(16))) }
    }

    // MARK: TLV vectors

    @Test func vectorsAreExposed() throws {
        var header = BinaryHeader.ipv4
        header.vectors = [
            (0x01, Array("smtp".utf8)), (0x02, Array("mx.example.org".utf8)), (0x04, [0, 0, 0]), (0x05, [1, 2, 3]),
            (
                0x20,
                BinaryHeader.tls(flags: 7, verify: 0, [(0x21, "TLSv1.3"), (0x22, "Zoë"), (0x23, "AES"), (0x25, "EC")])
            ),
            (0x30, Array("namespace".utf8)), (0xE0, []), (0xFF, [9]),
        ]
        let info = try #require(try Self.decode(header.octets).header?.info)
        #expect(info.address == nil)
        #expect(info.alpn == Array("smtp".utf8))
        #expect(info.authority == "mx.example.org")
        #expect(info.uniqueID == [1, 2, 3])
        let tls = try #require(info.tls)
        #expect(tls.isUsed && tls.hasConnectionCertificate && tls.hasSessionCertificate && tls.isClientVerified)
        #expect(tls.version == "TLSv1.3" && tls.commonName == "Zoë" && tls.cipher == "AES")
    }

    @Test(arguments: [(0, 0, false), (1, 0, false), (5, 0, true), (5, 1, false), (4, 0, false), (3, 0, false)])
    func clientIsVerifiedByAValidCertificateOnly(flags: UInt8, verify: UInt32, isVerified: Bool) throws {
        var header = BinaryHeader.ipv4
        header.vectors = [(0x20, BinaryHeader.tls(flags: flags, verify: verify, []))]
        let tls = try #require(try Self.decode(header.octets).header?.info.tls)
        #expect(tls.isClientVerified == isVerified)
        #expect(tls.verifyResult == verify)
    }

    @Test(arguments: [[0xC3, 0x28], [0x61, 0x0D, 0x0A], [0x1B, 0x5B], [0xC2, 0x85]] as [[UInt8]])
    func textThatCouldDoHarmIsLeftOut(text: [UInt8]) throws {
        var header = BinaryHeader.ipv4
        header.vectors = [(0x02, text)]
        let decoded = try #require(try Self.decode(header.octets).header)
        #expect(decoded.info.authority == nil)
    }

    @Test(
        arguments: [
            [0x01], [0x01, 0x00], [0x01, 0x00, 0x01], [0x01, 0xFF, 0xFF, 0x00], [0x04, 0, 0, 0x01, 0],
            [0x03, 0, 3, 1, 2, 3], [0x03, 0, 0], [0x20, 0, 4, 0, 0, 0, 0], [0x20, 0, 6, 0, 0, 0, 0, 0, 0x21],
            [0x20, 0, 8, 0, 0, 0, 0, 0, 0x21, 0, 1], [0x05, 0, 129] + [UInt8](repeating: 1, count: 129),
        ] as [[UInt8]]
    )
    func malformedVectorIsRefused(vectors: [UInt8]) {
        var header = BinaryHeader.ipv4
        header.addresses += vectors
        #expect(throws: ProxyHeaderError.badTLV) { try Self.decode(header.octets) }
    }

    @Test func checksumIsVerifiedWherePresent() throws {
        var header = BinaryHeader.ipv4
        header.vectors = [(0x02, Array("mx.example.org".utf8)), (0x03, [0, 0, 0, 0]), (0x04, [])]
        let octets = header.octetsWithChecksum
        #expect(try Self.decode(octets).header?.info.authority == "mx.example.org")
        // The type of the checksum itself: damaged, it is another vector, and there is no checksum.
        let type = 16 + 12 + 3 + 14
        for index in octets.indices where index != type {
            var damaged = octets
            damaged[index] ^= 0x40
            // Whatever is damaged, the header is refused; within the signature and the length for another reason.
            #expect(throws: ProxyHeaderError.self) {
                guard try Self.decode(damaged).header == nil else { return }
                throw ProxyHeaderError.notProxy
            }
        }
    }

    @Test(arguments: [("", 0), ("123456789", 0xE306_9283), ("a", 0xC1D0_4330)] as [(String, UInt32)])
    func checksumIsCastagnolis(text: String, checksum: UInt32) {
        #expect(CRC32C.checksum(of: Array(text.utf8).span) == checksum)
    }

    // MARK: Pieces

    static let complete: [[UInt8]] = {
        var header = BinaryHeader.ipv4
        header.vectors = [(0x03, [0, 0, 0, 0]), (0x20, BinaryHeader.tls(flags: 1, verify: 0, [(0x21, "TLSv1.2")]))]
        return [
            Array("PROXY TCP4 192.0.2.1 198.51.100.2 56324 25\r\n".utf8), Array("PROXY UNKNOWN\r\n".utf8),
            header.octetsWithChecksum, BinaryHeader(command: 0x20, family: 0).octets,
        ]
    }()

    @Test(arguments: complete)
    func headerIsIncompleteUntilItsLastOctet(header: [UInt8]) throws {
        for count in header.indices {
            let (decoded, rest) = try Self.decode(Array(header.prefix(count)))
            #expect(decoded == nil)
            #expect(rest.count == count)
        }
        #expect(try Self.decode(header).header != nil)
    }

    @Test(arguments: complete)
    func headerMayComeOctetByOctet(header: [UInt8]) throws {
        var buffer = ByteBuffer()
        for octet in header.dropLast() {
            buffer.writeInteger(octet)
            #expect(try ProxyHeaderDecoder.decode(&buffer) == nil)
        }
        buffer.writeBytes(header.suffix(1) + [0x45])
        #expect(try ProxyHeaderDecoder.decode(&buffer) == Self.decode(header).header)
        #expect(buffer.readableBytes == 1)
    }

    @Test(arguments: ProxyHeaderError.allCases)
    func everyErrorSaysWhatIsWrong(error: ProxyHeaderError) {
        #expect(!error.description.isEmpty)
    }
}

/// A header of version 2 in the making.
private struct BinaryHeader {
    var command: UInt8 = 0x21
    var family: UInt8
    var addresses: [UInt8] = []
    var vectors: [(UInt8, [UInt8])] = []

    static let ipv4 = BinaryHeader(family: 0x11, addresses: [192, 0, 2, 1, 198, 51, 100, 2, 0, 1, 0, 25])

    static func encode(_ vectors: [(UInt8, [UInt8])]) -> [UInt8] {
        vectors.flatMap { [$0.0, UInt8($0.1.count >> 8), UInt8($0.1.count & 255)] + $0.1 }
    }

    static func tls(flags: UInt8, verify: UInt32, _ vectors: [(UInt8, String)]) -> [UInt8] {
        [flags] + IPv4Address(rawValue: verify).octets + self.encode(vectors.map { ($0.0, Array($0.1.utf8)) })
    }

    var octets: [UInt8] {
        let rest = self.addresses + Self.encode(self.vectors)
        return [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, self.command, self.family]
            + [UInt8(rest.count >> 8), UInt8(rest.count & 255)] + rest
    }

    /// With the right checksum in the place of the one that `vectors` holds as zeros.
    var octetsWithChecksum: [UInt8] {
        var octets = self.octets
        let before = self.vectors.prefix { $0.0 != 0x03 }
        let index = 16 + self.addresses.count + Self.encode(Array(before)).count + 3
        let checksum = IPv4Address(rawValue: CRC32C.checksum(of: octets.span)).octets
        octets.replaceSubrange(index..<index + 4, with: checksum)
        return octets
    }
}
