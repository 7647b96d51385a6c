/// An IPv4 address. (RFC 791)
public struct IPv4Address: Hashable, Sendable {
    /// The address as a number in host order: 192.0.2.1 is `0xC000_0201`.
    public var rawValue: UInt32

    /// Makes an address from its number in host order.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Makes the address `a.b.c.d`.
    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
    }

    /// Reads a dotted quad: four decimal numbers 0-255 without leading zeros. (RFC 5321 § 4.1.3, RFC 6943 § 3.1.1)
    ///
    /// Leading zeros are refused because readers disagree on whether they mean octal.
    /// Returns `nil` for anything else, the short forms of `inet_aton` among it.
    public init?(_ text: some StringProtocol) {
        var value: UInt32 = 0
        var number: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard digits < 3, !(digits == 1 && number == 0) else { return nil }
                number = number * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
            case UInt8(ascii: "."):
                guard digits > 0, number <= 255, dots < 3 else { return nil }
                value = value << 8 | number
                number = 0
                digits = 0
                dots += 1
            default:
                return nil
            }
        }
        guard dots == 3, digits > 0, number <= 255 else { return nil }
        rawValue = value << 8 | number
    }

    /// The four octets in network order.
    public var octets: [UInt8] {
        [
            UInt8(truncatingIfNeeded: rawValue >> 24), UInt8(truncatingIfNeeded: rawValue >> 16),
            UInt8(truncatingIfNeeded: rawValue >> 8), UInt8(truncatingIfNeeded: rawValue),
        ]
    }

    /// Whether the address lies in 127.0.0.0/8. (RFC 1122 § 3.2.1.3)
    public var isLoopback: Bool { rawValue >> 24 == 127 }
}

extension IPv4Address: CustomStringConvertible {
    /// The dotted quad.
    public var description: String {
        "\(rawValue >> 24).\(rawValue >> 16 & 255).\(rawValue >> 8 & 255).\(rawValue & 255)"
    }
}
