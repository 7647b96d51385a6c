/// Counts what a header section holds while the message is still arriving, so that limits hold before it is stored.
///
/// It follows the same rules as ``HeaderParser`` about where the section ends: at an empty line, or at a line that is
/// no header field. After that it costs nothing. It keeps no octets.
package struct HeaderSectionCounter: Sendable {
    /// Which limit was passed.
    package enum Excess: Sendable, Equatable {
        case size
        case fields
        /// Received fields: the message goes round in circles. (RFC 5321 § 6.3)
        case hops
    }

    private enum Position {
        case lineStart
        /// After a CR at the start of a line.
        case lineStartCR
        case name
        /// White space after the name, where the colon should have stood.
        case nameEnd
        /// In a line that is counted already.
        case content
        /// Behind the section.
        case body
    }

    /// What is longer is text without spaces, not a name: a line has 998 octets. (RFC 5322 § 2.1.1)
    private static let longestName = 998

    /// Octets of the section, with the empty line that ends it.
    package let maximumSize: Int
    /// Header fields.
    package let maximumFields: Int
    private let maximumHops: Int
    private var position = Position.lineStart
    private var size = 0
    private var fields = 0
    private var hops = 0
    private var nameLength = 0
    /// What the name of the present line may turn out to be.
    private var received = NameMatcher(.received)
    /// `From sender date`, which an mbox file put in front of a message, perhaps quoted with `>`. Nil after the first line.
    private var mailboxSeparator: NameMatcher? = NameMatcher(.mailboxSeparator)

    /// - Parameters:
    ///   - maximumSize: Octets of the section, with the empty line that ends it.
    ///   - maximumFields: Header fields.
    ///   - maximumHops: Received fields.
    package init(maximumSize: Int, maximumFields: Int, maximumHops: Int) {
        self.maximumSize = maximumSize
        self.maximumFields = maximumFields
        self.maximumHops = maximumHops
    }

    /// Counts the next octets of the message.
    /// - Returns: The limit that is passed, if one is.
    package mutating func count(_ bytes: UnsafeRawBufferPointer) -> Excess? {
        if case .body = self.position { return nil }
        return self.count(bytes.bindMemory(to: UInt8.self).span)
    }

    private mutating func count(_ octets: Span<UInt8>) -> Excess? {
        var index = 0
        while index < octets.count {
            if case .content = self.position {
                guard let lineFeed = octets.firstLineFeed(in: index..<octets.count) else {
                    index = octets.count
                    break
                }
                index = lineFeed + 1
                self.position = .lineStart
                continue
            }
            self.step(octets[index])
            index += 1
            if case .body = self.position { break }
        }
        self.size += index
        if self.hops > self.maximumHops { return .hops }
        if self.fields > self.maximumFields { return .fields }
        return self.size > self.maximumSize ? .size : nil
    }

    private mutating func step(_ octet: UInt8) {
        switch self.position {
        case .lineStart:
            if octet == .carriageReturn {
                self.position = .lineStartCR
            } else if octet.isWhiteSpace, self.fields > 0 {
                self.position = .content
            } else if octet.isFieldNameCharacter {
                self.nameLength = 1
                self.received.begin(octet)
                self.mailboxSeparator?.begin(octet)
                self.position = .name
            } else {
                self.position = .body
            }
        case .lineStartCR:
            self.position = .body
        case .name:
            if octet == .colon {
                self.countField()
            } else if octet.isWhiteSpace {
                self.position = .nameEnd
            } else if octet.isFieldNameCharacter, self.nameLength < Self.longestName {
                self.nameLength += 1
                self.received.next(octet)
                self.mailboxSeparator?.next(octet)
            } else {
                self.position = .body
            }
        case .nameEnd:
            if octet == .colon {
                self.countField()
            } else if !octet.isWhiteSpace {
                let isSeparator = self.mailboxSeparator?.isMatch == true
                self.position = !isSeparator ? .body : octet == .lineFeed ? .lineStart : .content
                self.mailboxSeparator = nil
            }
        case .content, .body:
            break
        }
    }

    private mutating func countField() {
        self.fields += 1
        if self.received.isMatch { self.hops += 1 }
        self.mailboxSeparator = nil
        self.position = .content
    }
}

/// Compares a field name with one that is known, octet by octet. Small, because there are two in every connection.
private struct NameMatcher {
    enum Name {
        case received
        case mailboxSeparator

        /// In lower case, unless case matters.
        var octets: StaticString {
            switch self {
            case .received: "received"
            case .mailboxSeparator: "From"
            }
        }
    }

    private let name: Name
    private var matched: UInt8 = 0
    private var isPossible = true

    init(_ name: Name) {
        self.name = name
    }

    var isMatch: Bool { self.isPossible && self.matched == self.name.octets.utf8CodeUnitCount }

    mutating func begin(_ octet: UInt8) {
        self.matched = 0
        self.isPossible = true
        self.next(octet)
    }

    mutating func next(_ octet: UInt8) {
        guard self.isPossible else { return }
        var octet = octet
        switch self.name {
        case .received:
            octet = octet.asciiLowercased
        case .mailboxSeparator:
            // Any number of them before the name mean nothing.
            if self.matched == 0, octet == UInt8(ascii: ">") { return }
        }
        let known = self.name.octets
        self.isPossible =
            self.matched < known.utf8CodeUnitCount && known.withUTF8Buffer { $0[Int(self.matched)] } == octet
        // No known name has more than a handful of octets.
        if self.isPossible { self.matched += 1 }
    }
}
