package import NIOCore

/// Finds and splits the header section at the start of a message. (RFC 5322 § 2.2, § 4.5)
///
/// It runs on the event loop for every message, so it looks at each octet once, eight at a time where it can, and
/// copies the section once, whole, or not at all.
///
/// Tolerated, because mail that is in use has it: line endings without CR, white space between name and colon
/// (§ 4.5.8), a first line that an mbox file put there (`From sender date`), a section that no empty line ends, and
/// octets above 127 in bodies. A line of white space only continues the field before it (§ 4.2, obs-FWS).
public enum HeaderParser {
    /// Parses the header section at the start of a message.
    ///
    /// - Parameters:
    ///   - bytes: The message, or as much of its start as the section may take. When this is cut off before the
    ///     section ends, the section is reported as ended there.
    ///   - limits: Largest section accepted.
    /// - Returns: The fields and where the body starts.
    /// - Throws: ``HeaderSyntaxError`` when a line is not a header field or a limit is passed. It carries the fields
    ///   before that.
    public static func parse(
        _ bytes: Span<UInt8>,
        limits: HeaderLimits = HeaderLimits()
    ) throws(HeaderSyntaxError) -> HeaderSection {
        let outcome = scan(bytes, limits: limits)
        let end = outcome.layouts.last.map { Int($0.end) } ?? 0
        let octets = bytes.extracting(0..<end).withUnsafeBufferPointer { ByteBuffer(bytes: $0) }
        return try outcome.section(HeaderOctets(octets))
    }

    /// Parses the header section at the start of octets that the fields then share.
    ///
    /// - Parameters:
    ///   - octets: As for ``parse(_:limits:)``.
    ///   - message: The message that they are of.
    ///   - isCopy: Whether they are not the message's own memory.
    ///   - limits: Largest section accepted.
    /// - Returns: As ``parse(_:limits:)``.
    /// - Throws: As ``parse(_:limits:)``.
    package static func parse(
        _ octets: ByteBuffer,
        of message: MessageData,
        isCopy: Bool,
        limits: HeaderLimits
    ) throws(HeaderSyntaxError) -> HeaderSection {
        let outcome = scan(octets.readableBytesUInt8Span, limits: limits)
        return try outcome.section(HeaderOctets(octets, of: message, isCopy: isCopy))
    }

    /// What was found before anything is kept.
    private struct Outcome {
        var layouts: [HeaderField.Layout] = []
        var octetCount = 0
        var endsWithEmptyLine = false
        var fault: (code: HeaderSyntaxError.Code, offset: Int)?

        func section(_ storage: HeaderOctets) throws(HeaderSyntaxError) -> HeaderSection {
            let section = HeaderSection(
                fields: layouts.map { HeaderField(storage: storage, layout: $0) },
                octetCount: octetCount,
                endsWithEmptyLine: endsWithEmptyLine
            )
            guard let fault else { return section }
            throw HeaderSyntaxError(code: fault.code, offset: fault.offset, partial: section)
        }
    }

    private static func scan(_ bytes: Span<UInt8>, limits: HeaderLimits) -> Outcome {
        // Offsets are kept in 32 bits.
        let sizeLimit = min(max(limits.maximumSize, 0), Int(UInt32.max))
        let end = min(bytes.count, sizeLimit)

        var outcome = Outcome()
        outcome.layouts.reserveCapacity(24)
        var position = 0

        while position < end {
            let lineFeed = bytes.firstLineFeed(in: position..<end)
            if lineFeed == nil, end < bytes.count { break }
            let next = lineFeed.map { $0 &+ 1 } ?? end
            var contentEnd = lineFeed ?? end
            if lineFeed != nil, contentEnd > position, bytes[contentEnd &- 1] == .carriageReturn { contentEnd &-= 1 }

            if contentEnd == position {
                outcome.octetCount = next
                outcome.endsWithEmptyLine = true
                return outcome
            }
            outcome.octetCount = position
            if bytes[position].isWhiteSpace, !outcome.layouts.isEmpty {
                let last = outcome.layouts.count &- 1
                outcome.layouts[last].end = UInt32(truncatingIfNeeded: contentEnd)
                outcome.layouts[last].isFolded = true
            } else if let layout = fieldLayout(bytes, position..<contentEnd) {
                guard outcome.layouts.count < limits.maximumFieldCount else {
                    outcome.fault = (.tooManyFields, position)
                    return outcome
                }
                outcome.layouts.append(layout)
            } else if position != 0 || !isMailboxSeparator(bytes, upTo: contentEnd) {
                outcome.fault = (.malformedField, position)
                return outcome
            }
            position = next
        }

        outcome.octetCount = position
        if end < bytes.count { outcome.fault = (.tooLarge, sizeLimit) }
        return outcome
    }

    /// The layout of a line that starts a field, or nil when it does not. (RFC 5322 § 2.2, § 4.5.8)
    private static func fieldLayout(_ bytes: Span<UInt8>, _ line: Range<Int>) -> HeaderField.Layout? {
        var nameEnd = line.lowerBound
        while nameEnd < line.upperBound, bytes[nameEnd].isFieldNameCharacter { nameEnd &+= 1 }
        guard nameEnd > line.lowerBound else { return nil }
        var colon = nameEnd
        while colon < line.upperBound, bytes[colon].isWhiteSpace { colon &+= 1 }
        guard colon < line.upperBound, bytes[colon] == .colon else { return nil }

        var bodyStart = colon &+ 1
        var bodyEnd = line.upperBound
        while bodyStart < bodyEnd, bytes[bodyStart].isWhiteSpace { bodyStart &+= 1 }
        while bodyEnd > bodyStart, bytes[bodyEnd &- 1].isWhiteSpace { bodyEnd &-= 1 }
        // The parser keeps everything below 2^32.
        return HeaderField.Layout(
            start: UInt32(truncatingIfNeeded: line.lowerBound),
            nameEnd: UInt32(truncatingIfNeeded: nameEnd),
            bodyStart: UInt32(truncatingIfNeeded: bodyStart),
            bodyEnd: UInt32(truncatingIfNeeded: bodyEnd),
            end: UInt32(truncatingIfNeeded: line.upperBound),
            isFolded: false
        )
    }

    /// Whether the message starts with the line that separates messages in an mbox file: `From `, perhaps quoted
    /// with `>`. Asked only for a line that is not a header field, so that `From : a@b` stays one.
    private static func isMailboxSeparator(_ bytes: Span<UInt8>, upTo end: Int) -> Bool {
        var position = 0
        while position < end, bytes[position] == UInt8(ascii: ">") { position &+= 1 }
        guard end &- position >= 5 else { return false }
        return bytes[position] == UInt8(ascii: "F") && bytes[position &+ 1] == UInt8(ascii: "r")
            && bytes[position &+ 2] == UInt8(ascii: "o") && bytes[position &+ 3] == UInt8(ascii: "m")
            && bytes[position &+ 4] == .space
    }
}

extension Span<UInt8> {
    /// The index of the first LF in a range, which must lie within the span.
    func firstLineFeed(in range: Range<Int>) -> Int? {
        firstIndex(of: .lineFeed, in: range)
    }

    /// The index of the first such octet in a range, which must lie within the span.
    ///
    /// Looks at eight octets at a time: XOR turns the octet into zero, and the subtraction sets the top bit of the lowest
    /// zero octet. (Higher octets may be flagged wrongly by the borrow; the lowest flag is exact.)
    @inline(__always)
    func firstIndex(of octet: UInt8, in range: Range<Int>) -> Int? {
        let pattern = UInt64(octet) &* 0x0101_0101_0101_0101
        let octets = self.bytes
        var position = range.lowerBound
        while range.upperBound &- position >= 8 {
            // "Unsafe" is only that any bit pattern is taken for an integer; the bounds are checked.
            let word = UInt64(littleEndian: octets.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            let difference = word ^ pattern
            let flags = (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
            if flags != 0 { return position &+ flags.trailingZeroBitCount / 8 }
            position &+= 8
        }
        while position < range.upperBound {
            if self[position] == octet { return position }
            position &+= 1
        }
        return nil
    }
}
