import NIOCore

/// One header field of a message. (RFC 5322 § 2.2)
///
/// The octets stay as they were sent; unfolding and decoding are done on request, because most fields of most
/// messages are never looked at. All fields of a section share its octets, and as a rule the message does too: a field that
/// is kept keeps the whole message in memory.
public struct HeaderField: Sendable {
    /// The octets of the section, or of this field alone when it was made by ``init(name:body:)``.
    let storage: HeaderOctets

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

    init(storage: HeaderOctets, layout: Layout) {
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
        var octets = ByteBuffer()
        let nameEnd = octets.writeString(name)
        octets.writeInteger(UInt8.colon)
        octets.writeInteger(UInt8.space)
        let bodyStart = octets.readableBytes
        octets.writeString(body)
        self.storage = HeaderOctets(octets)
        self.layout = Layout(
            start: 0,
            nameEnd: UInt32(clamping: nameEnd),
            bodyStart: UInt32(clamping: bodyStart),
            bodyEnd: UInt32(clamping: octets.readableBytes),
            end: UInt32(clamping: octets.readableBytes),
            isFolded: false
        )
    }

    /// The field name as sent, for example `message-ID`.
    public var name: String {
        text(in: layout.name)
    }

    /// The field name with each part's first letter in upper case and the others in lower case: `Message-Id`.
    ///
    /// This is the form go-guerrilla's processors and stores see. A name with a character that is not allowed in a
    /// MIME token (`X/Y`) stays as it was sent.
    public var canonicalName: String {
        var octets = octets(in: layout.name)
        guard octets.allSatisfy(\.isTokenCharacter) else { return name }
        var startsPart = true
        for index in octets.indices {
            let octet = octets[index]
            octets[index] = startsPart ? octet.asciiUppercased : octet.asciiLowercased
            startsPart = octet == .hyphen
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// The octets of the unfolded body, without white space at either end. (RFC 5322 § 2.2.3)
    ///
    /// Unfolding removes each line ending that stands before white space and keeps the white space.
    public var bodyOctets: [UInt8] {
        bodyOctets(upTo: .max)
    }

    /// The beginning of ``bodyOctets``, for those who do not need more: no more than `count` octets are looked at, folding
    /// included, and returned.
    package func bodyOctets(upTo count: Int) -> [UInt8] {
        let body = layout.body.prefix(max(0, count))
        guard layout.isFolded else { return octets(in: body) }
        var unfolded: [UInt8] = []
        appendUnfolded(body, to: &unfolded)
        return unfolded
    }

    /// The unfolded body as text, without white space at either end. Octets that are not UTF-8 become U+FFFD;
    /// encoded-words stay encoded (see ``EncodedWordDecoder``).
    public var body: String {
        guard layout.isFolded else { return text(in: layout.body) }
        return String(repairing: bodyOctets)
    }

    /// How many octets the body has, folding included: what looking at it costs.
    package var foldedBodyCount: Int { layout.body.count }

    /// The whole field as sent: name, colon, body with its folding; without the last line ending.
    ///
    /// Signatures over header fields (RFC 6376 § 3.4.1) need this form.
    public var rawOctets: [UInt8] {
        octets(in: layout.field)
    }

    /// Whether the field has this name. Upper and lower case ASCII letters are the same. (RFC 5322 § 1.2.2)
    public func hasName(_ other: String) -> Bool {
        let octets = other.utf8
        guard octets.count == layout.name.count else { return false }
        return withOctets(in: layout.name) { name in
            var index = 0
            for octet in octets {
                guard octet.asciiLowercased == name[index].asciiLowercased else { return false }
                index &+= 1
            }
            return true
        }
    }

    /// Appends the name and the unfolded body to two arrays, whose memory can so serve one field after the other.
    package func append(name: inout [UInt8], body: inout [UInt8]) {
        withOctets(in: layout.name) { name.append(contentsOf: $0) }
        if layout.isFolded {
            appendUnfolded(layout.body, to: &body)
        } else {
            withOctets(in: layout.body) { body.append(contentsOf: $0) }
        }
    }

    // MARK: Octets

    private func withOctets<Result>(in range: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        storage.buffer.withUnsafeReadableBytes {
            UnsafeRawBufferPointer(rebasing: $0[range]).withMemoryRebound(to: UInt8.self, body)
        }
    }

    private func octets(in range: Range<Int>) -> [UInt8] {
        withOctets(in: range) { Array($0) }
    }

    private func text(in range: Range<Int>) -> String {
        withOctets(in: range) { String(repairing: $0) }
    }

    /// Appends a range of the body without line endings and without white space at both ends.
    ///
    /// The parser made sure that each LF in here stands before white space, so that every one is a fold.
    private func appendUnfolded(_ range: Range<Int>, to octets: inout [UInt8]) {
        let start = octets.count
        withOctets(in: range) { folded in
            let bytes = folded.span
            var position = 0
            while position < bytes.count {
                let lineFeed = bytes.firstLineFeed(in: position..<bytes.count)
                var end = lineFeed ?? bytes.count
                if lineFeed != nil, end > position, bytes[end &- 1] == .carriageReturn { end &-= 1 }
                if octets.count == start {
                    while position < end, bytes[position].isWhiteSpace { position &+= 1 }
                }
                octets.append(contentsOf: folded[position..<end])
                position = lineFeed.map { $0 &+ 1 } ?? bytes.count
            }
        }
        while octets.count > start, let last = octets.last, last.isWhiteSpace { octets.removeLast() }
    }
}

extension HeaderField: Equatable {
    /// Two fields are equal when name and unfolded body are, octet for octet.
    public static func == (lhs: HeaderField, rhs: HeaderField) -> Bool {
        lhs.octets(in: lhs.layout.name) == rhs.octets(in: rhs.layout.name) && lhs.bodyOctets == rhs.bodyOctets
    }
}

extension HeaderField: CustomStringConvertible {
    /// The name and how long the body is. The body is message content and does not belong in logs.
    public var description: String {
        "\(name): (\(layout.body.count) octets)"
    }
}
