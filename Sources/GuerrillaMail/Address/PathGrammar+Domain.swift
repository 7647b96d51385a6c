extension PathGrammar {
    /// The longest label of a name in the DNS. (RFC 1035 § 2.3.4) Characters are counted, not octets: a U-label may
    /// take more octets than the A-label it stands for. (RFC 5890 § 4.2)
    private static let longestLabel = 63

    /// `Domain`: labels of letters, digits, hyphens and, beyond the standard, underscores, which exist in the wild.
    /// No label is empty or has a hyphen at an end.
    ///
    /// - Parameter allowsTrailingDot: Whether the last label may be followed by a dot.
    /// - Returns: Where the first label grows longer than 63 characters, if one does. Not an error here, so that a
    ///   caller can complain about the length of the whole first.
    static func scanDomain(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        allowsUTF8: Bool,
        allowsTrailingDot: Bool = false
    ) throws(PathSyntaxError) -> Int? {
        var overlongLabel: Int?
        var length = 0
        var labels = 0
        var afterHyphen = false
        while index < bytes.count {
            let byte = bytes[index]
            let start = index
            if ByteSet.letterDigitOrUnderscore.contains(byte) {
                index += 1
                afterHyphen = false
            } else if byte == UInt8(ascii: "."), length > 0, !afterHyphen {
                index += 1
                labels += 1
                length = 0
                continue
            } else if byte == UInt8(ascii: "-"), length > 0 {
                index += 1
                afterHyphen = true
            } else if byte >= 0x80 {
                try scanNonASCII(bytes, &index, allowsUTF8: allowsUTF8)
                afterHyphen = false
            } else {
                break
            }
            length += 1
            if length > longestLabel, overlongLabel == nil { overlongLabel = start }
        }
        let endsInDot = length == 0 && labels > 0
        guard !afterHyphen, length > 0 || (endsInDot && allowsTrailingDot) else {
            throw PathSyntaxError(code: .invalidDomain, offset: index)
        }
        return overlongLabel
    }

    /// `"[" ( IPv4 / IPv6 / General-address-literal ) "]"`
    static func scanLiteral(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        allowsUTF8: Bool
    ) throws(PathSyntaxError) -> AddressLiteral {
        let start = index
        index += 1
        while index < bytes.count, ByteSet.literalContent.contains(bytes[index]) { index += 1 }
        guard index < bytes.count, bytes[index] == UInt8(ascii: "]") else {
            throw unexpected(bytes, at: index, .invalidLiteral, allowsUTF8: allowsUTF8)
        }
        let content = Substring(text(bytes, start + 1..<index))
        guard let literal = AddressLiteral(content: content.utf8) else {
            throw PathSyntaxError(code: .invalidLiteral, offset: start)
        }
        index += 1
        return literal
    }

    /// `A-d-l ":"`: `@a,@b:` with the colon. (RFC 5321 § 4.1.2, appendix C)
    static func scanSourceRoute(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        allowsUTF8: Bool
    ) throws(PathSyntaxError) {
        while true {
            guard index < bytes.count, bytes[index] == UInt8(ascii: "@") else {
                throw unexpected(bytes, at: index, .invalidSourceRoute, allowsUTF8: allowsUTF8)
            }
            index += 1
            do throws(PathSyntaxError) {
                if let overlongLabel = try scanDomain(bytes, &index, allowsUTF8: allowsUTF8) {
                    throw PathSyntaxError(code: .invalidSourceRoute, offset: overlongLabel)
                }
            } catch {
                guard error.code == .invalidDomain else { throw error }
                throw PathSyntaxError(code: .invalidSourceRoute, offset: error.offset)
            }
            guard index < bytes.count else { throw PathSyntaxError(code: .unterminated, offset: index) }
            switch bytes[index] {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: ":"):
                index += 1
                return
            default: throw unexpected(bytes, at: index, .invalidSourceRoute, allowsUTF8: allowsUTF8)
            }
        }
    }
}
