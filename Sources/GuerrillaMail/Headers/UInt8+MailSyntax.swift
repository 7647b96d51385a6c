// Octets and classes of octets that the grammar of mail names.
extension UInt8 {
    static var horizontalTab: UInt8 { 0x09 }
    static var lineFeed: UInt8 { 0x0A }
    static var carriageReturn: UInt8 { 0x0D }
    static var space: UInt8 { 0x20 }
    static var hyphen: UInt8 { 0x2D }
    static var colon: UInt8 { 0x3A }
    static var equalsSign: UInt8 { 0x3D }
    static var questionMark: UInt8 { 0x3F }

    /// WSP. (RFC 5234 appendix B.1)
    var isWhiteSpace: Bool { self == .space || self == .horizontalTab }

    /// ftext: what a field name is made of. (RFC 5322 § 3.6.8)
    var isFieldNameCharacter: Bool { self > 32 && self < 127 && self != .colon }

    var isASCIIDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    var isASCIILetter: Bool {
        let lowercased = self | 0x20
        return lowercased >= UInt8(ascii: "a") && lowercased <= UInt8(ascii: "z")
    }

    /// A character of a token in the sense of RFC 7230 § 3.2.6, which is what Go's header map checks names for.
    var isTokenCharacter: Bool {
        if isASCIILetter || isASCIIDigit { return true }
        return switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    var asciiLowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
    var asciiUppercased: UInt8 { self >= 0x61 && self <= 0x7A ? self & 0xDF : self }
}
