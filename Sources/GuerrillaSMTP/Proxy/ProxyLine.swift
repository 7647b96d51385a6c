import GuerrillaMail

/// The header of version 1: `PROXY TCP4 192.0.2.1 198.51.100.1 56324 25` and CRLF. (§ 2.1)
enum ProxyLine {
    /// The octets of CRLF.
    static let ending = 2

    /// The length of the line with its CRLF; nil while that is missing.
    static func length(_ octets: Span<UInt8>) throws(ProxyHeaderError) -> Int? {
        let end = min(octets.count, ProxyHeaderDecoder.maximumLineLength)
        for index in 0..<end {
            switch octets[index] {
            case UInt8(ascii: "\n"):
                throw .badLineEnding
            case UInt8(ascii: "\r"):
                guard index + 1 < end else { break }
                guard octets[index + 1] == UInt8(ascii: "\n") else { throw .badLineEnding }
                return index + self.ending
            default:
                continue
            }
        }
        guard end < ProxyHeaderDecoder.maximumLineLength else { throw .lineTooLong }
        return nil
    }

    /// - Parameter octets: What stands between `PROXY` with its space, and CRLF.
    static func parse(_ octets: Span<UInt8>) throws(ProxyHeaderError) -> ProxyHeader {
        // Only ASCII can pass the parsers below: what is ill-formed need not be told apart.
        let text = octets.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        let fields = text.split(separator: " ", omittingEmptySubsequences: false)
        switch fields.first {
        case "UNKNOWN":
            // Whatever follows is to be ignored.
            return ProxyHeader(origin: .unknown, info: ProxyInfo())
        case "TCP4", "TCP6":
            break
        default:
            throw .badProtocol
        }
        guard fields.count == 5 else { throw fields.count < 3 ? .badAddress : .badPort }
        let isIPv4 = fields[0] == "TCP4"
        let source = try self.address(fields[1], isIPv4: isIPv4)
        let destination = try self.address(fields[2], isIPv4: isIPv4)
        guard let sourcePort = UInt16(portText: fields[3]), let destinationPort = UInt16(portText: fields[4]) else {
            throw .badPort
        }
        return ProxyHeader(
            origin: .client(
                source: ProxyHeader.Endpoint(address: source, port: sourcePort),
                destination: ProxyHeader.Endpoint(address: destination, port: destinationPort)
            ),
            info: ProxyInfo()
        )
    }

    private static func address(_ text: Substring, isIPv4: Bool) throws(ProxyHeaderError) -> IPAddress {
        if isIPv4 {
            guard let address = IPv4Address(text) else { throw .badAddress }
            return .v4(address)
        }
        guard let address = IPv6Address(String(text)) else { throw .badAddress }
        return IPAddress.v6(address).canonical
    }
}

extension UInt16 {
    /// A port as text: one to five digits without leading zeros.
    init?(portText text: some StringProtocol) {
        let digits = text.utf8
        guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
        self.init(String(text))
    }
}
