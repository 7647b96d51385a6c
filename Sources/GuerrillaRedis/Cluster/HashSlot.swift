/// The part of a Redis Cluster that a key belongs to.
package enum HashSlot {
    /// How many there are.
    package static let count = 16_384

    private static let table: [UInt16] = (0..<256).map { index in
        (0..<8).reduce(UInt16(index) << 8) { crc, _ in crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
    }

    /// The slot of a key: of what stands between the first `{` and the next `}`, if that is anything, else of the whole.
    package static func of(_ key: String) -> Int {
        let octets = Array(key.utf8)
        var hashed = octets[...]
        if let open = octets.firstIndex(of: UInt8(ascii: "{")),
            let close = octets[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
        {
            hashed = octets[(open + 1)..<close]
        }
        return Int(self.crc16(hashed)) % self.count
    }

    /// CRC-16/XMODEM.
    package static func crc16(_ octets: some Sequence<UInt8>) -> UInt16 {
        octets.reduce(0) { crc, octet in crc << 8 ^ self.table[Int(UInt8(truncatingIfNeeded: crc >> 8) ^ octet)] }
    }
}
