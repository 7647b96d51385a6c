/// Where one encoded-word stands, `=?charset?encoding?encoded-text?=`, and what its parts are. (RFC 2047 § 2)
///
/// Nothing is copied: the parts are places in the text that the word was found in.
struct EncodedWord {
    enum Encoding {
        /// `B`
        case base64
        /// `Q`
        case quoted
    }

    /// The charset's name without the language that RFC 2231 § 5 allows after an asterisk.
    let charset: Range<Int>
    let encoding: Encoding
    /// The encoded-text.
    let text: Range<Int>

    /// The first octet after the word.
    var end: Int { self.text.upperBound &+ 2 }

    /// Longest charset and language looked at, in octets.
    private static let maximumCharsetLength = 80

    /// Longest encoded-text looked at, in octets. RFC 2047 § 2 allows 75 for the whole word, but mailers that put a
    /// whole subject into one word are common.
    private static let maximumTextLength = 16_384

    /// Finds the parts of the encoded-word that starts at `start`, where `=?` stands.
    ///
    /// Tolerated: spaces, `?` and octets above 127 in Q text. Nil when there is no word. A word ends where another one
    /// starts, so all the calls for one text together look at each octet a bounded number of times.
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
        switch bytes[position &+ 1].asciiUppercased {
        case UInt8(ascii: "B"): self.encoding = .base64
        case UInt8(ascii: "Q"): self.encoding = .quoted
        default: return nil
        }
        let textStart = position &+ 3
        guard let textEnd = Self.endOfText(bytes, from: textStart) else { return nil }
        self.charset = charset
        self.text = textStart..<textEnd
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

    /// Appends the decoded text, still in its charset.
    ///
    /// Tolerated: white space and missing padding in B text.
    ///
    /// - Returns: False when the text cannot be decoded; nothing is appended then.
    func appendOctets(of bytes: Span<UInt8>, to octets: inout [UInt8]) -> Bool {
        let text = bytes.extracting(self.text)
        // At least twice as much as before: the words of a run come one by one.
        let needed = octets.count + text.count
        if octets.capacity < needed { octets.reserveCapacity(max(needed, 2 * octets.count)) }
        switch self.encoding {
        case .base64:
            return Base64.decode(text, appendingTo: &octets)
        case .quoted:
            Self.decodeQ(text, appendingTo: &octets)
            return true
        }
    }

    /// Decodes the Q encoding. (RFC 2047 § 4.2) An equals sign without two hexadecimal digits stays as it is.
    private static func decodeQ(_ text: Span<UInt8>, appendingTo octets: inout [UInt8]) {
        let start = octets.count
        // As much as can come out, to be cut afterwards: appending octet by octet takes twice the time.
        octets.append(contentsOf: repeatElement(0, count: text.count))
        var decoded = octets.mutableSpan
        var end = start
        var position = 0
        while position < text.count {
            let octet = text[position]
            if octet == .equalsSign, text.count &- position > 2,
                let high = text[position &+ 1].hexadecimalValue, let low = text[position &+ 2].hexadecimalValue
            {
                decoded[end] = high << 4 | low
                position &+= 3
            } else {
                decoded[end] = octet == UInt8(ascii: "_") ? .space : octet
                position &+= 1
            }
            end &+= 1
        }
        octets.removeLast(octets.count - end)
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
