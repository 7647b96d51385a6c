/// The base64 of encoded-words. (RFC 2045 § 6.8, RFC 2047 § 4.1)
enum Base64 {
    /// Decodes base64.
    ///
    /// Tolerated: white space, missing or superfluous padding at the end, and padding in mid-text where pieces that
    /// were encoded apart were put together. Anything else that is not of the alphabet makes the text undecodable.
    ///
    /// - Parameters:
    ///   - text: The base64.
    ///   - octets: What the decoded octets are appended to.
    /// - Returns: False when the text is not base64; nothing is appended then.
    static func decode(_ text: Span<UInt8>, appendingTo octets: inout [UInt8]) -> Bool {
        let start = octets.count
        guard decodeAll(text, &octets) else {
            octets.removeLast(octets.count - start)
            return false
        }
        return true
    }

    private static func decodeAll(_ text: Span<UInt8>, _ decoded: inout [UInt8]) -> Bool {
        var group: UInt32 = 0
        var digits = 0
        var padding = 0
        var hasEnded = false
        for index in text.indices {
            let octet = text[index]
            if let value = value(of: octet) {
                guard padding == 0, !hasEnded else { return false }
                group = group << 6 | UInt32(value)
                digits += 1
            } else if octet == .equalsSign {
                guard digits != 1 else { return false }
                if digits == 0 { hasEnded = true } else { padding += 1 }
            } else if octet.isWhiteSpace || octet == .carriageReturn || octet == .lineFeed {
                continue
            } else {
                return false
            }
            if digits + padding == 4 {
                append(group, digits: digits, to: &decoded)
                (group, digits, padding) = (0, 0, 0)
            }
        }
        // One digit holds six bits only: something was lost.
        guard digits != 1 else { return false }
        append(group, digits: digits, to: &decoded)
        return true
    }

    /// Appends the whole octets that 0, 2, 3 or 4 digits make.
    private static func append(_ group: UInt32, digits: Int, to decoded: inout [UInt8]) {
        let bits = group << UInt32(6 * (4 - digits))
        if digits >= 2 { decoded.append(UInt8(truncatingIfNeeded: bits >> 16)) }
        if digits >= 3 { decoded.append(UInt8(truncatingIfNeeded: bits >> 8)) }
        if digits == 4 { decoded.append(UInt8(truncatingIfNeeded: bits)) }
    }

    private static func value(of octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): octet - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): octet - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
