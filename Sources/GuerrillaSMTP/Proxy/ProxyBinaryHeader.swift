import GuerrillaMail

/// The header of version 2: signature, version and command, family, length, addresses, TLV vectors. (§ 2.2)
enum ProxyBinaryHeader {
    /// The octets up to and with the length field.
    private static let fixedLength = 16

    /// The length of the header in octets; nil while some are missing.
    static func length(_ octets: Span<UInt8>) throws(ProxyHeaderError) -> Int? {
        guard octets.count > 12 else { return nil }
        guard octets[12] >> 4 == 2 else { throw .badVersion }
        guard octets[12] & 0x0F <= 1 else { throw .badCommand }
        guard octets.count >= self.fixedLength else { return nil }
        let rest = Int(octets[14]) << 8 | Int(octets[15])
        guard rest <= ProxyHeaderDecoder.maximumLength else { throw .tooLong }
        return octets.count >= self.fixedLength + rest ? self.fixedLength + rest : nil
    }

    /// - Parameter octets: A whole header, as long as ``length(_:)`` says.
    static func parse(_ octets: Span<UInt8>) throws(ProxyHeaderError) -> ProxyHeader {
        // LOCAL: the rest, the family included, is to be ignored.
        guard octets[12] & 0x0F == 1 else { return ProxyHeader(origin: .proxy, info: ProxyInfo()) }
        let family = octets[13] >> 4
        switch octets[13] & 0x0F {
        case 0 where family == 0:
            // What the rest means is not known to anybody.
            return ProxyHeader(origin: .unknown, info: ProxyInfo())
        case 1: break
        case 2 where (1...3).contains(family): throw .datagram
        default: throw .badFamily
        }
        var index = self.fixedLength
        let origin: ProxyHeader.Origin
        switch family {
        case 1:
            origin = try self.addresses(octets, &index, length: 4)
        case 2:
            origin = try self.addresses(octets, &index, length: 16)
        case 3:
            // Two paths of 108 octets each, which mean nothing on this machine.
            guard octets.count - index >= 216 else { throw .addressesTooShort }
            index += 216
            origin = .unixSocket
        default:
            throw .badFamily
        }
        return ProxyHeader(origin: origin, info: try ProxyVectors.parse(octets, from: index))
    }

    /// Two addresses of `length` octets each, then two ports.
    private static func addresses(
        _ octets: Span<UInt8>,
        _ index: inout Int,
        length: Int
    ) throws(ProxyHeaderError) -> ProxyHeader.Origin {
        let ports = index + 2 * length
        guard octets.count >= ports + 4 else { throw .addressesTooShort }
        defer { index = ports + 4 }
        return .client(
            source: ProxyHeader.Endpoint(
                address: self.address(octets.extracting(index..<index + length)),
                port: UInt16(octets[ports]) << 8 | UInt16(octets[ports + 1])
            ),
            destination: ProxyHeader.Endpoint(
                address: self.address(octets.extracting(index + length..<ports)),
                port: UInt16(octets[ports + 2]) << 8 | UInt16(octets[ports + 3])
            )
        )
    }

    /// - Parameter octets: 4 or 16 octets in network order.
    private static func address(_ octets: Span<UInt8>) -> IPAddress {
        var value: UInt128 = 0
        for index in octets.indices { value = value << 8 | UInt128(octets[index]) }
        return octets.count == 4
            ? .v4(IPv4Address(rawValue: UInt32(truncatingIfNeeded: value)))
            : IPAddress.v6(IPv6Address(rawValue: value)).canonical
    }
}
