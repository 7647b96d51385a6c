/// One header field of a message. (RFC 5322 § 2.2)
///
/// The octets stay as they were sent; unfolding and decoding are done on request, because most fields of most
/// messages are never looked at. All fields of a section share one copy of its octets, so a field that is kept
/// keeps the whole section (bounded by ``HeaderLimits/maximumSize``) in memory.
public struct HeaderField: Sendable {
    /// The octets of the section, or of this field alone when it was made by ``init(name:body:)``.
    let storage: [UInt8]

    /// Where the parts of the field lie in ``storage``.
    let layout: Layout

    /// Offsets into the octets of a section. 32 bits keep a field at 32 octets.
    struct Layout: Sendable {
        var start: UInt32
        var nameEnd: UInt32
        /// First octet of the body that is not white space, on the first line.
        var bodyStart: UInt32
        /// End of the body without white space, on the first line. What follows it belongs to a folded field only.
        var bodyEnd: UInt32
        /// End of the last line's content, without its line ending.
        var end: UInt32
        var isFolded: Bool

        var name: Range<Int> { Int(start)..<Int(nameEnd) }
        var body: Range<Int> { Int(bodyStart)..<Int(isFolded ? end : bodyEnd) }
        var field: Range<Int> { Int(start)..<Int(end) }
    }

    init(storage: [UInt8], layout: Layout) {
        self.storage = storage
        self.layout = layout
    }

    /// Makes a field that did not come out of a message, for tests and for processors that add fields.
    ///
    /// Nothing is checked or folded: this is a value to look at, not a line to send.
    ///
    /// - Parameters:
    ///   - name: The field name, without the colon.
    ///   - body: The unfolded body.
    public init(name: String, body: String) {
        var octets = Array(name.utf8)
        let nameEnd = octets.count
        octets.append(.colon)
        octets.append(.space)
        let bodyStart = octets.count
        octets.append(contentsOf: body.utf8)
        self.storage = octets
        self.layout = Layout(
            start: 0,
            nameEnd: UInt32(clamping: nameEnd),
            bodyStart: UInt32(clamping: bodyStart),
            bodyEnd: UInt32(clamping: octets.count),
            end: UInt32(clamping: octets.count),
            isFolded: false
        )
    }

    /// The field name as sent, for example `message-ID`.
    public var name: String {
        String(decoding: storage[layout.name], as: UTF8.self)
    }

    /// The field name with each part's first letter in upper case and the others in lower case: `Message-Id`.
    ///
    /// This is the form go-guerrilla's processors and stores see. A name with a character that is not allowed in a
    /// MIME token (`X/Y`) stays as it was sent.
    public var canonicalName: String {
        let octets = storage[layout.name]
        guard octets.allSatisfy(\.isTokenCharacter) else { return name }
        var startsPart = true
        let canonical = octets.map { octet -> UInt8 in
            defer { startsPart = octet == .hyphen }
            return startsPart ? octet.asciiUppercased : octet.asciiLowercased
        }
        return String(decoding: canonical, as: UTF8.self)
    }

    /// The octets of the unfolded body, without white space at either end. (RFC 5322 § 2.2.3)
    ///
    /// Unfolding removes each line ending that stands before white space and keeps the white space.
    public var bodyOctets: [UInt8] {
        guard layout.isFolded else { return Array(storage[layout.body]) }
        return Self.unfold(storage[layout.body])
    }

    /// The unfolded body as text, without white space at either end. Octets that are not UTF-8 become U+FFFD;
    /// encoded-words stay encoded (see ``EncodedWordDecoder``).
    public var body: String {
        guard layout.isFolded else { return String(decoding: storage[layout.body], as: UTF8.self) }
        return String(decoding: bodyOctets, as: UTF8.self)
    }

    /// The whole field as sent: name, colon, body with its folding; without the last line ending.
    ///
    /// Signatures over header fields (RFC 6376 § 3.4.1) need this form.
    public var rawOctets: ArraySlice<UInt8> {
        storage[layout.field]
    }

    /// Whether the field has this name. Upper and lower case ASCII letters are the same. (RFC 5322 § 1.2.2)
    public func hasName(_ other: String) -> Bool {
        let range = layout.name
        let octets = other.utf8
        guard octets.count == range.count else { return false }
        var index = range.lowerBound
        for octet in octets {
            guard octet.asciiLowercased == storage[index].asciiLowercased else { return false }
            index &+= 1
        }
        return true
    }

    /// Removes line endings and the white space at both ends.
    ///
    /// The parser made sure that each LF in here stands before white space, so that every one is a fold.
    private static func unfold(_ folded: ArraySlice<UInt8>) -> [UInt8] {
        var unfolded: [UInt8] = []
        unfolded.reserveCapacity(folded.count)
        for octet in folded {
            if octet == .lineFeed {
                if unfolded.last == .carriageReturn { unfolded.removeLast() }
            } else if !(unfolded.isEmpty && octet.isWhiteSpace) {
                unfolded.append(octet)
            }
        }
        while let last = unfolded.last, last.isWhiteSpace { unfolded.removeLast() }
        return unfolded
    }
}

extension HeaderField: Equatable {
    /// Two fields are equal when name and unfolded body are, octet for octet.
    public static func == (lhs: HeaderField, rhs: HeaderField) -> Bool {
        lhs.storage[lhs.layout.name] == rhs.storage[rhs.layout.name] && lhs.bodyOctets == rhs.bodyOctets
    }
}

extension HeaderField: CustomStringConvertible {
    /// The name and how long the body is. The body is message content and does not belong in logs.
    public var description: String {
        "\(name): (\(layout.body.count) octets)"
    }
}
