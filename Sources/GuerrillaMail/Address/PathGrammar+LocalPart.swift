extension PathGrammar {
    /// Where a local part stands, before its text is made: lengths are checked first.
    struct LocalPart {
        /// As sent, quotes included.
        var range: Range<Int>
        /// Without the quotes.
        var content: Range<Int>
        var hasEscapes: Bool

        func text(_ bytes: Span<UInt8>) -> String {
            guard hasEscapes else { return PathGrammar.text(bytes, content) }
            var unescaped: [UInt8] = []
            unescaped.reserveCapacity(content.count)
            var index = content.lowerBound
            while index < content.upperBound {
                // The scan has made sure that an escaped octet follows.
                if bytes[index] == UInt8(ascii: "\\"), index + 1 < content.upperBound { index += 1 }
                unescaped.append(bytes[index])
                index += 1
            }
            return String(decoding: unescaped, as: UTF8.self)
        }
    }

    /// `Dot-string / Quoted-string`
    static func scanLocalPart(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        allowsUTF8: Bool
    ) throws(PathSyntaxError) -> LocalPart {
        if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
            return try scanQuotedString(bytes, &index, allowsUTF8: allowsUTF8)
        }
        let start = index
        var afterDot = true
        while index < bytes.count {
            let byte = bytes[index]
            if ByteSet.atext.contains(byte) {
                index += 1
                afterDot = false
            } else if byte == UInt8(ascii: "."), !afterDot {
                index += 1
                afterDot = true
            } else if byte >= 0x80 {
                try scanNonASCII(bytes, &index, allowsUTF8: allowsUTF8)
                afterDot = false
            } else {
                break
            }
        }
        // Nothing at all, or a dot in last place.
        if afterDot {
            throw PathSyntaxError(code: index == bytes.count ? .unterminated : .invalidLocalPart, offset: index)
        }
        return LocalPart(range: start..<index, content: start..<index, hasEscapes: false)
    }

    /// `DQUOTE *QcontentSMTP DQUOTE`. A quoted pair is ASCII only: RFC 6531 § 3.3 extends qtextSMTP alone.
    private static func scanQuotedString(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        allowsUTF8: Bool
    ) throws(PathSyntaxError) -> LocalPart {
        let start = index
        var hasEscapes = false
        index += 1
        while index < bytes.count {
            let byte = bytes[index]
            if ByteSet.quotedText.contains(byte) {
                index += 1
            } else if byte == UInt8(ascii: "\"") {
                index += 1
                return LocalPart(range: start..<index, content: start + 1..<index - 1, hasEscapes: hasEscapes)
            } else if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                index += 1
                guard index < bytes.count else { break }
                guard 32...126 ~= bytes[index] else {
                    throw unexpected(bytes, at: index, .invalidLocalPart, allowsUTF8: allowsUTF8)
                }
                index += 1
            } else if byte >= 0x80 {
                try scanNonASCII(bytes, &index, allowsUTF8: allowsUTF8)
            } else {
                throw PathSyntaxError(code: .invalidLocalPart, offset: index)
            }
        }
        throw PathSyntaxError(code: .unterminated, offset: index)
    }
}
