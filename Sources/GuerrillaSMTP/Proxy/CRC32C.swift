/// The checksum of the PROXY protocol: CRC-32 with Castagnoli's polynomial. (RFC 9260 appendix A)
enum CRC32C {
    /// The polynomial 0x1EDC6F41 with its bits in reverse.
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// The checksum of `octets`, those in `zeroed` counted as 0, because there the checksum itself stands.
    ///
    /// Bit by bit: at most 4 KiB once per connection are not worth a table.
    static func checksum(of octets: Span<UInt8>, zeroing zeroed: Range<Int> = 0..<0) -> UInt32 {
        var remainder = UInt32.max
        for index in octets.indices {
            remainder ^= zeroed.contains(index) ? 0 : UInt32(octets[index])
            for _ in 0..<8 {
                remainder = remainder & 1 == 0 ? remainder >> 1 : remainder >> 1 ^ Self.polynomial
            }
        }
        return ~remainder
    }
}
