/// The productions of RFC 5321 § 4.1.2 and § 4.1.3 that paths and HELO arguments are made of.
///
/// Each function begins at `index`, moves it over the longest run of octets that can belong to its production, and
/// leaves the octet that ended the run to the caller. Octets over 127 pass as RFC 6531 § 3.3 has it when
/// `allowsUTF8` is set.
enum PathGrammar {
    static func skipSpaces(_ bytes: Span<UInt8>, _ index: inout Int) {
        while index < bytes.count, bytes[index] == UInt8(ascii: " ") { index += 1 }
    }

    /// The text of a range of octets known to be ASCII or valid UTF-8.
    @inline(__always)
    static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// The error for an octet that stands where `code` says it cannot, or for the missing one at the end.
    static func unexpected(
        _ bytes: Span<UInt8>,
        at index: Int,
        _ code: PathSyntaxError.Code,
        allowsUTF8: Bool
    ) -> PathSyntaxError {
        let isNonASCII = index < bytes.count && bytes[index] >= 0x80 && !allowsUTF8
        return PathSyntaxError(code: isNonASCII ? .nonASCII : code, offset: index)
    }

    /// Moves over one character beyond ASCII.
    ///
    /// - Throws: `nonASCII` when none are allowed, `invalidUTF8` for what RFC 3629 § 4 calls ill-formed and for the
    ///   C1 controls U+0080-U+009F, which some terminals and log readers obey.
    static func scanNonASCII(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        allowsUTF8: Bool
    ) throws(PathSyntaxError) {
        guard allowsUTF8 else { throw PathSyntaxError(code: .nonASCII, offset: index) }
        guard let length = characterLength(bytes, at: index) else {
            throw PathSyntaxError(code: .invalidUTF8, offset: index)
        }
        index += length
    }

    /// The octets of the well-formed UTF-8 sequence at `index`; `nil` for ASCII, C1 controls and ill-formed ones.
    private static func characterLength(_ bytes: Span<UInt8>, at index: Int) -> Int? {
        let length: Int
        let second: ClosedRange<UInt8>
        switch bytes[index] {
        case 0xC2: (length, second) = (2, 0xA0...0xBF)
        case 0xC3...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard length <= bytes.count - index, second.contains(bytes[index + 1]) else { return nil }
        var next = index + 2
        while next < index + length {
            guard 0x80...0xBF ~= bytes[next] else { return nil }
            next += 1
        }
        return length
    }
}
