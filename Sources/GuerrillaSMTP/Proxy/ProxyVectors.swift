import GuerrillaMail

/// The TLV vectors of a header of version 2: a type, a length in two octets, a value, again and again. (§ 2.2)
enum ProxyVectors {
    /// The longest unique id. (§ 2.2.5)
    private static let longestUniqueID = 128

    /// The types that mean something to us; all others are skipped. Of one that is repeated the last counts.
    private enum Kind {
        static let alpn: UInt8 = 0x01
        static let authority: UInt8 = 0x02
        static let checksum: UInt8 = 0x03
        static let uniqueID: UInt8 = 0x05
        static let tls: UInt8 = 0x20
        // Within the value of `tls`.
        static let tlsVersion: UInt8 = 0x21
        static let tlsCommonName: UInt8 = 0x22
        static let tlsCipher: UInt8 = 0x23
    }

    /// Reads the vectors between `start` and the end of `header`, a whole header.
    static func parse(_ header: Span<UInt8>, from start: Int) throws(ProxyHeaderError) -> ProxyInfo {
        var info = ProxyInfo()
        var index = start
        while let (kind, value) = try self.next(header, &index, end: header.count) {
            let octets = header.extracting(value)
            switch kind {
            case Kind.alpn:
                info.alpn = self.array(octets)
            case Kind.authority:
                info.authority = self.text(octets)
            case Kind.checksum:
                guard octets.count == 4 else { throw .badTLV }
                guard self.integer(octets) == CRC32C.checksum(of: header, zeroing: value) else { throw .badChecksum }
            case Kind.uniqueID:
                guard octets.count <= self.longestUniqueID else { throw .badTLV }
                info.uniqueID = self.array(octets)
            case Kind.tls:
                info.tls = try self.tls(octets)
            default:
                break
            }
        }
        return info
    }

    /// PP2_TYPE_SSL: flags, the result of verification in four octets, then vectors again. (§ 2.2.6)
    private static func tls(_ octets: Span<UInt8>) throws(ProxyHeaderError) -> ProxyInfo.TLS {
        guard octets.count >= 5 else { throw .badTLV }
        var tls = ProxyInfo.TLS(flags: octets[0], verifyResult: self.integer(octets.extracting(1..<5)))
        var index = 5
        while let (kind, value) = try self.next(octets, &index, end: octets.count) {
            switch kind {
            case Kind.tlsVersion: tls.version = self.text(octets.extracting(value))
            case Kind.tlsCommonName: tls.commonName = self.text(octets.extracting(value))
            case Kind.tlsCipher: tls.cipher = self.text(octets.extracting(value))
            default: break
            }
        }
        return tls
    }

    /// The vector at `index`, which moves behind it: its type, and where its value stands. Nil at the end.
    private static func next(
        _ octets: Span<UInt8>,
        _ index: inout Int,
        end: Int
    ) throws(ProxyHeaderError) -> (UInt8, Range<Int>)? {
        guard index < end else { return nil }
        guard end - index >= 3 else { throw .badTLV }
        let start = index + 3
        let length = Int(octets[index + 1]) << 8 | Int(octets[index + 2])
        guard length <= end - start else { throw .badTLV }
        defer { index = start + length }
        return (octets[index], start..<start + length)
    }

    private static func array(_ octets: Span<UInt8>) -> [UInt8] {
        octets.withUnsafeBufferPointer { Array($0) }
    }

    /// The text, nil when it is not UTF-8 or holds control characters.
    private static func text(_ octets: Span<UInt8>) -> String? {
        guard let text = octets.withUnsafeBufferPointer({ String(validating: $0, as: UTF8.self) }) else { return nil }
        return text.unicodeScalars.contains { $0.properties.generalCategory == .control } ? nil : text
    }

    /// Four octets in network order.
    private static func integer(_ octets: Span<UInt8>) -> UInt32 {
        var value: UInt32 = 0
        for index in octets.indices { value = value << 8 | UInt32(octets[index]) }
        return value
    }
}
