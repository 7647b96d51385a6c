/// Decodes the encoded-words of an unstructured field body, such as that of Subject. (RFC 2047, RFC 2231 § 5)
///
/// - White space between two encoded-words is removed, all other text stays as it is. (RFC 2047 § 6.2)
/// - Adjacent words in the same charset are joined before conversion, because many mailers split a text between
///   the octets of one character. (RFC 2047 § 5 forbids it.)
/// - A word that cannot be decoded, or whose charset is not known, stays as it was sent.
/// - A word need not be set off by white space.
///
/// The result may hold any character, CR and LF included: it is text to show or store, never to be put into a header.
/// The work grows with the length of the text, not faster.
public struct EncodedWordDecoder: Sendable {
    private let charsets: any CharsetConverter

    /// Makes a decoder.
    ///
    /// - Parameter charsets: Converts the octets of words to text.
    public init(charsets: any CharsetConverter = BasicCharsetConverter()) {
        self.charsets = charsets
    }

    /// Decodes the encoded-words in a text.
    ///
    /// - Parameter text: An unfolded field body; line endings count as white space.
    /// - Returns: The text with its words decoded; the same text when there are none.
    public func decode(_ text: String) -> String {
        decodeWords(text.utf8.span) ?? text
    }

    /// Decodes the encoded-words in a field body given as octets.
    ///
    /// - Parameter octets: An unfolded field body. Outside of words, octets that are not UTF-8 become U+FFFD.
    /// - Returns: The text with its words decoded.
    public func decode(octets: [UInt8]) -> String {
        decodeWords(octets.span) ?? String(decoding: octets, as: UTF8.self)
    }

    /// Decodes the encoded-words in the body of a field.
    public func decode(_ field: HeaderField) -> String {
        decode(octets: field.bodyOctets)
    }

    /// The decoded text, or nil when there is no encoded-word in it.
    private func decodeWords(_ bytes: Span<UInt8>) -> String? {
        var output: Output?
        var position = 0
        while position < bytes.count &- 1 {
            guard bytes[position] == .equalsSign, bytes[position &+ 1] == .questionMark,
                let word = EncodedWord(bytes, at: position)
            else {
                position &+= 1
                continue
            }
            if output == nil { output = Output(capacity: bytes.count) }
            output?.append(word, at: position, of: bytes, charsets: charsets)
            position = word.end
        }
        return output?.finished(bytes, charsets: charsets)
    }
}

/// Puts the result together from runs of words and the text between them.
private struct Output {
    /// Adjacent words in one charset, not converted yet.
    private struct Run {
        let charset: String
        var octets: [UInt8]
        let start: Int
        var end: Int
    }

    private var text: [UInt8] = []
    private var run: Run?
    /// How much of the source is in `text`.
    private var consumed = 0
    /// Whether `text` ends with a decoded word.
    private var endsWithWord = false

    init(capacity: Int) {
        text.reserveCapacity(capacity)
    }

    mutating func append(_ word: EncodedWord, at start: Int, of source: Span<UInt8>, charsets: any CharsetConverter) {
        // No copy of the run may live while it grows, or each word would copy all the octets before it.
        if isContinuation(word, at: start, of: source) {
            run?.octets.append(contentsOf: word.octets)
            run?.end = word.end
        } else {
            convertRun(of: source, charsets: charsets)
            run = Run(charset: word.charset, octets: word.octets, start: start, end: word.end)
        }
    }

    private func isContinuation(_ word: EncodedWord, at start: Int, of source: Span<UInt8>) -> Bool {
        guard let run, run.charset.lowercased() == word.charset.lowercased() else { return false }
        return source.isWhiteSpace(in: run.end..<start)
    }

    mutating func finished(_ source: Span<UInt8>, charsets: any CharsetConverter) -> String {
        convertRun(of: source, charsets: charsets)
        copy(consumed..<source.count, of: source)
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func convertRun(of source: Span<UInt8>, charsets: any CharsetConverter) {
        guard let run else { return }
        if let converted = charsets.utf8String(from: run.octets, charset: run.charset) {
            let gap = consumed..<run.start
            if !(endsWithWord && source.isWhiteSpace(in: gap)) { copy(gap, of: source) }
            text.append(contentsOf: converted.utf8)
            endsWithWord = true
        } else {
            copy(consumed..<run.end, of: source)
            endsWithWord = false
        }
        consumed = run.end
        self.run = nil
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
}
