/// A set of ASCII octets, as two words of bits: membership without a table in memory.
struct ByteSet: Sendable {
    private let low: UInt64
    private let high: UInt64

    /// - Parameters:
    ///   - low: Bit *n* stands for octet *n*.
    ///   - high: Bit *n* stands for octet 64 + *n*.
    private init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        return (byte < 64 ? low : high) &>> UInt64(byte & 63) & 1 != 0
    }

    // Computed properties: they fold to constants, stored ones would be initialised on first use. ByteSetTests
    // compares each with the characters it stands for.

    /// ALPHA and DIGIT. (RFC 5321 § 4.1.2 `Let-dig`)
    static var letterOrDigit: ByteSet { ByteSet(low: 0x03FF_0000_0000_0000, high: 0x07FF_FFFE_07FF_FFFE) }

    /// ALPHA, DIGIT and `-`. (RFC 5321 § 4.1.2 `Ldh-str`)
    static var letterDigitOrHyphen: ByteSet { ByteSet(low: 0x03FF_2000_0000_0000, high: 0x07FF_FFFE_07FF_FFFE) }

    /// ALPHA, DIGIT and `_`, which no standard allows in a host name but senders use.
    static var letterDigitOrUnderscore: ByteSet { ByteSet(low: 0x03FF_0000_0000_0000, high: 0x07FF_FFFE_87FF_FFFE) }

    /// RFC 5322 § 3.2.3 `atext`.
    static var atext: ByteSet { ByteSet(low: 0xA3FF_ACFA_0000_0000, high: 0x7FFF_FFFF_C7FF_FFFE) }

    /// RFC 5321 § 4.1.2 `qtextSMTP`: 32-126 but `"` and `\`.
    static var quotedText: ByteSet { ByteSet(low: 0xFFFF_FFFB_0000_0000, high: 0x7FFF_FFFF_EFFF_FFFF) }

    /// RFC 5321 § 4.1.3 `dcontent`: 33-126 but `[`, `\` and `]`.
    static var literalContent: ByteSet { ByteSet(low: 0xFFFF_FFFE_0000_0000, high: 0x7FFF_FFFF_C7FF_FFFF) }

    /// The ASCII part of `esmtp-value`: 33-126 but `=`. (RFC 5321 § 4.1.2)
    static var parameterValue: ByteSet { ByteSet(low: 0xDFFF_FFFE_0000_0000, high: 0x7FFF_FFFF_FFFF_FFFF) }
}
