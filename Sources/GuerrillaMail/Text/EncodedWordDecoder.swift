/// Decodes the encoded-words of an unstructured field body, such as that of Subject. (RFC 2047, RFC 2231 § 5)
///
/// - White space between two encoded-words is removed, all other text stays as it is. (RFC 2047 § 6.2)
/// - Adjacent words in the same charset are joined before conversion, because many mailers split a text between
///   the octets of one character. (RFC 2047 § 5 forbids it.)
/// - A word that cannot be decoded, or whose charset is not known, stays as it was sent.
/// - A word need not be set off by white space.
/// - After ``maximumConversions`` conversions the rest of the text stays as it was sent.
///
/// The result may hold any character, CR and LF included: it is text to show or store, never to be put into a header.
/// The work grows with the length of the text, not faster.
public struct EncodedWordDecoder: Sendable {
    /// How many conversions one text may take: one for each run of adjacent words in the same charset. A conversion of
    /// one octet costs as much as decoding some fifty, so words in charsets that alternate are the dearest text there is.
    /// The default is 1,000.
    public let maximumConversions: Int

    private let charsets: any CharsetConverter

    /// Makes a decoder.
    ///
    /// - Parameters:
    ///   - charsets: Converts the octets of words to text.
    ///   - maximumConversions: How many conversions one text may take.
    public init(charsets: any CharsetConverter = BasicCharsetConverter(), maximumConversions: Int = 1_000) {
        self.charsets = charsets
        self.maximumConversions = max(0, maximumConversions)
    }

    /// Decodes the encoded-words in a text.
    ///
    /// - Parameter text: An unfolded field body; line endings count as white space.
    /// - Returns: The text with its words decoded; the same text when there are none.
    public func decode(_ text: String) -> String {
        var left = self.maximumConversions
        return decodeWords(text.utf8.span, &left) ?? text
    }

    /// Decodes the encoded-words in a field body given as octets.
    ///
    /// - Parameter octets: An unfolded field body. Outside of words, octets that are not UTF-8 become U+FFFD.
    /// - Returns: The text with its words decoded.
    public func decode(octets: [UInt8]) -> String {
        var left = self.maximumConversions
        return decode(octets: octets, conversionsLeft: &left)
    }

    /// Decodes the encoded-words in one of several field bodies that share a bound: the fields of one message.
    ///
    /// - Parameters:
    ///   - octets: An unfolded field body. Outside of words, octets that are not UTF-8 become U+FFFD.
    ///   - conversionsLeft: How many conversions all the bodies may still take. Of a single one no more than
    ///     ``maximumConversions`` are decoded.
    /// - Returns: The text with its words decoded.
    public func decode(octets: [UInt8], conversionsLeft: inout Int) -> String {
        let allowed = max(0, min(conversionsLeft, self.maximumConversions))
        var left = allowed
        defer { conversionsLeft -= allowed - left }
        return decodeWords(octets.span, &left) ?? String(repairing: octets)
    }

    /// Decodes the encoded-words in the body of a field.
    public func decode(_ field: HeaderField) -> String {
        decode(octets: field.bodyOctets)
    }

    /// The decoded text, or nil when there is no encoded-word in it.
    private func decodeWords(_ bytes: Span<UInt8>, _ conversionsLeft: inout Int) -> String? {
        var output: Output?
        var position = 0
        while let equalsSign = bytes.firstIndex(of: .equalsSign, in: position..<bytes.count),
            equalsSign < bytes.count &- 1
        {
            position = equalsSign &+ 1
            guard bytes[position] == .questionMark, let word = EncodedWord(bytes, at: equalsSign) else { continue }
            if output == nil { output = Output(conversionsLeft: conversionsLeft) }
            switch output?.append(word, at: equalsSign, of: bytes, charsets: charsets) {
            case .appended: position = word.end
            case .undecodable, nil: break
            case .exhausted: position = bytes.count
            }
        }
        guard var output else { return nil }
        defer { conversionsLeft = output.conversionsLeft }
        return output.finished(bytes, charsets: charsets)
    }
}

/// Puts the result together from runs of words and the text between them.
private struct Output {
    enum Appending {
        case appended
        /// The word stays as it is.
        case undecodable
        /// It would take one conversion too many.
        case exhausted
    }

    private var text: [UInt8] = []
    /// Where the adjacent words in one charset stand that are not converted yet; nil when there are none.
    private var run: Range<Int>?
    /// The charset's name in the first word of the run.
    private var charset = 0..<0
    /// The octets of the run's words. Its memory serves one run after the other.
    private var octets: [UInt8] = []
    /// How much of the source is in `text`.
    private var consumed = 0
    /// Whether `text` ends with a decoded word.
    private var endsWithWord = false
    /// How many more runs there may be.
    private(set) var conversionsLeft: Int

    init(conversionsLeft: Int) {
        self.conversionsLeft = conversionsLeft
    }

    mutating func append(
        _ word: EncodedWord,
        at start: Int,
        of source: Span<UInt8>,
        charsets: any CharsetConverter
    ) -> Appending {
        if let run, isContinuation(word, at: start, of: run, in: source) {
            guard word.appendOctets(of: source, to: &octets) else {
                // Nothing can continue the run behind this word. If the run stayed open, each further word would look
                // through the white space behind it again.
                convertRun(of: source, charsets: charsets)
                return .undecodable
            }
            self.run = run.lowerBound..<word.end
            return .appended
        }
        guard conversionsLeft > 0 else { return .exhausted }
        convertRun(of: source, charsets: charsets)
        guard word.appendOctets(of: source, to: &octets) else { return .undecodable }
        conversionsLeft -= 1
        run = start..<word.end
        charset = word.charset
        return .appended
    }

    private func isContinuation(
        _ word: EncodedWord,
        at start: Int,
        of run: Range<Int>,
        in source: Span<UInt8>
    ) -> Bool {
        source.isSameIgnoringCase(charset, word.charset) && source.isWhiteSpace(in: run.upperBound..<start)
    }

    mutating func finished(_ source: Span<UInt8>, charsets: any CharsetConverter) -> String {
        // Most texts with words are nothing but one run.
        if run == 0..<source.count, consumed == 0, let converted = converted(source, charsets: charsets) {
            return converted
        }
        convertRun(of: source, charsets: charsets)
        copy(consumed..<source.count, of: source)
        return String(repairing: text)
    }

    private mutating func convertRun(of source: Span<UInt8>, charsets: any CharsetConverter) {
        guard let run else { return }
        if consumed == 0 { text.reserveCapacity(source.count) }
        if let converted = converted(source, charsets: charsets) {
            let gap = consumed..<run.lowerBound
            if !(endsWithWord && source.isWhiteSpace(in: gap)) { copy(gap, of: source) }
            text.append(contentsOf: converted.utf8)
            endsWithWord = true
        } else {
            copy(consumed..<run.upperBound, of: source)
            endsWithWord = false
        }
        consumed = run.upperBound
        octets.removeAll(keepingCapacity: true)
        self.run = nil
    }

    /// The text of the run; nil when its charset is not known.
    private func converted(_ source: Span<UInt8>, charsets: any CharsetConverter) -> String? {
        let name = source.extracting(charset).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        return charsets.utf8String(from: octets, charset: name)
    }

    private mutating func copy(_ range: Range<Int>, of source: Span<UInt8>) {
        source.extracting(range).withUnsafeBufferPointer { text.append(contentsOf: $0) }
    }
}

extension Span<UInt8> {
    /// Whether there is nothing but white space and line endings in a range, which must lie within the span.
    fileprivate func isWhiteSpace(in range: Range<Int>) -> Bool {
        for index in range {
            let octet = self[index]
            guard octet.isWhiteSpace || octet == .carriageReturn || octet == .lineFeed else { return false }
        }
        return true
    }

    /// Whether two ranges, which must lie within the span, hold the same text. Upper and lower case ASCII letters are
    /// the same.
    fileprivate func isSameIgnoringCase(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        guard one.count == other.count else { return false }
        for offset in 0..<one.count
        where self[one.lowerBound &+ offset].asciiLowercased != self[other.lowerBound &+ offset].asciiLowercased {
            return false
        }
        return true
    }
}
