#if Hashing
/// Hashes as go-guerrilla writes them: 32 hexadecimal digits in lower case.
public enum HexadecimalHash {
    /// The MD5 hash of texts as if they were one. (RFC 1321) A name for things, and no protection of anything.
    public static func md5(_ texts: String...) -> String {
        Self.digits(of: HashAlgorithm.md5.digest(of: Self.octets(of: texts)))
    }

    /// The BLAKE2s hash of 128 bits of texts as if they were one. (RFC 7693)
    ///
    /// - Parameters:
    ///   - texts: What to hash.
    ///   - key: At most 32 octets, of which more are not looked at. The default are go-guerrilla's 16 zeros.
    public static func blake2s128(
        _ texts: String...,
        key: [UInt8] = [UInt8](repeating: 0, count: 16)
    ) -> String {
        Self.digits(of: HashAlgorithm.blake2s128(key: key).digest(of: Self.octets(of: texts)))
    }

    static func digits(of digest: [UInt8]) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(digest.count * 2)
        for octet in digest {
            digits.append(Self.digit(octet >> 4))
            digits.append(Self.digit(octet & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    private static func octets(of texts: [String]) -> [UInt8] { texts.flatMap { Array($0.utf8) } }
}
#endif
