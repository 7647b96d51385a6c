/// One encoded-word: `=?charset?encoding?encoded-text?=`. (RFC 2047 § 2)
struct EncodedWord {
    /// The charset's name without the language that RFC 2231 § 5 allows after an asterisk.
    let charset: String

    /// The encoded-text decoded, still in its charset.
    let octets: [UInt8]

    /// The first octet after the word.
    let end: Int

    /// Longest charset and language looked at, in octets.
    private static let maximumCharsetLength = 80

    /// Longest encoded-text looked at, in octets. RFC 2047 § 2 allows 75 for the whole word, but mailers that put a
    /// whole subject into one word are common.
    private static let maximumTextLength = 16_384

    /// Reads the encoded-word that starts at `start`, where `=?` stands.
    ///
    /// Tolerated: spaces, `?` and octets above 127 in Q text, white space and missing padding in B text. Nil when
    /// there is no word or its text cannot be decoded. A word ends where another one starts, so all the calls for
    /// one text together look at each octet a bounded number of times.
    init?(_ bytes: Span<UInt8>, at start: Int) {
        var position = start &+ 2
        let charsetStart = position
        var charsetEnd: Int?
        while position < bytes.count, bytes[position] != .questionMark {
            let octet = bytes[position]
            guard octet > .space, octet < 0x7F, octet != .equalsSign else { return nil }
            guard position &- charsetStart < Self.maximumCharsetLength else { return nil }
            if octet == UInt8(ascii: "*"), charsetEnd == nil { charsetEnd = position }
            position &+= 1
        }
        let charset = charsetStart..<(charsetEnd ?? position)
        guard !charset.isEmpty, position &+ 2 < bytes.count, bytes[position &+ 2] == .questionMark else { return nil }
        let encoding = bytes[position &+ 1].asciiUppercased

        let textStart = position &+ 3
        guard let textEnd = Self.endOfText(bytes, from: textStart) else { return nil }
        let text = bytes.extracting(textStart..<textEnd)
        switch encoding {
        case UInt8(ascii: "B"):
            guard let decoded = Base64.decode(text) else { return nil }
            self.octets = decoded
        case UInt8(ascii: "Q"):
            self.octets = Self.decodeQ(text)
        default:
            return nil
        }
        self.charset = bytes.extracting(charset).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        self.end = textEnd &+ 2
    }

    /// Where the `?=` after an encoded-text stands; nil when another word starts before it.
    private static func endOfText(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        // The last place where two octets are left.
        let last = min(bytes.count &- 2, start &+ maximumTextLength)
        var position = start
        while position <= last {
            let octet = bytes[position]
            let next = bytes[position &+ 1]
            if octet == .questionMark, next == .equalsSign { return position }
            if octet == .equalsSign, next == .questionMark {
                // "=?=" is an equals sign at the end of the text, not the start of a word.
                guard position < last, bytes[position &+ 2] == .equalsSign else { return nil }
            }
            position &+= 1
        }
        return nil
    }

    /// Decodes the Q encoding. (RFC 2047 § 4.2) An equals sign without two hexadecimal digits stays as it is.
    private static func decodeQ(_ text: Span<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            let octet = text[position]
            if octet == .equalsSign, text.count &- position > 2,
                let high = text[position &+ 1].hexadecimalValue, let low = text[position &+ 2].hexadecimalValue
            {
                decoded.append(high << 4 | low)
                position &+= 3
            } else {
                decoded.append(octet == UInt8(ascii: "_") ? .space : octet)
                position &+= 1
            }
        }
        return decoded
    }
}

extension UInt8 {
    fileprivate var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
