/// Text and octets of strangers, as they may be shown on a terminal: nothing in them moves its cursor, changes its title or its clipboard,
/// hides a line, or runs backwards.
///
/// What would is made visible, as pagers do: `^[` for ESC, `^M` for a CR that ends no line, `<U+202E>` for a character that steers or is not
/// seen, `<FF>` for an octet that is no UTF-8. Tabs and line ends stay. Takes a stream in any pieces.
package struct TerminalText: Sendable {
    /// Whether the terminal reads UTF-8. One that does not may take a part of a character for a control.
    private let isUTF8: Bool
    /// The beginning of a character, or a CR.
    private var pending: [UInt8] = []
    /// What is still missing of a character.
    private var missing = 0

    /// - Parameter isUTF8: Whether the terminal reads UTF-8; otherwise nothing but ASCII is shown as it is.
    package init(isUTF8: Bool = true) {
        self.isUTF8 = isUTF8
    }

    /// Adds a piece.
    package mutating func append(_ piece: RawSpan, to output: inout [UInt8]) {
        output.reserveCapacity(output.count + piece.byteCount)
        for offset in 0..<piece.byteCount {
            self.append(piece.unsafeLoad(fromByteOffset: offset, as: UInt8.self), to: &output)
        }
    }

    /// Nothing follows.
    package mutating func finish(_ output: inout [UInt8]) {
        self.flush(&output)
    }

    private mutating func append(_ octet: UInt8, to output: inout [UInt8]) {
        if let first = self.pending.first {
            if first == Self.carriageReturn, octet == Self.lineFeed {
                self.pending = []
            } else if first != Self.carriageReturn,
                Self.continues(octet, first: self.pending.count == 1 ? first : nil)
            {
                self.pending.append(octet)
                self.missing -= 1
                if self.missing == 0 { self.endCharacter(&output) }
                return
            } else {
                self.flush(&output)
            }
        }
        switch octet {
        case Self.carriageReturn: self.pending = [octet]
        case Self.lineFeed, Self.tab, 0x20..<0x7f: output.append(octet)
        case ..<0x80: output += [UInt8(ascii: "^"), octet ^ 0x40]
        case 0xc2...0xdf: self.begin(octet, missing: 1)
        case 0xe0...0xef: self.begin(octet, missing: 2)
        case 0xf0...0xf4: self.begin(octet, missing: 3)
        default: Self.put(octet, to: &output)
        }
    }

    private mutating func begin(_ octet: UInt8, missing: Int) {
        self.pending = [octet]
        self.missing = missing
    }

    private mutating func endCharacter(_ output: inout [UInt8]) {
        defer { self.pending = [] }
        // There is exactly one: the octets were looked at one by one.
        guard let scalar = String(decoding: self.pending, as: UTF8.self).unicodeScalars.first else { return }
        guard !self.isUTF8 || scalar.isEscapedInLogs else {
            output += self.pending
            return
        }
        let number = String(scalar.value, radix: 16, uppercase: true)
        output += Array("<U+\(String(repeating: "0", count: max(0, 4 - number.utf8.count)))\(number)>".utf8)
    }

    /// What has begun and does not go on.
    private mutating func flush(_ output: inout [UInt8]) {
        for octet in self.pending {
            if octet == Self.carriageReturn { output += Array("^M".utf8) } else { Self.put(octet, to: &output) }
        }
        self.pending = []
    }

    /// Whether an octet can stand behind others of a character. (RFC 3629 § 4)
    /// - Parameter first: The octet before it, if that is the first.
    private static func continues(_ octet: UInt8, first: UInt8?) -> Bool {
        switch first {
        case 0xe0: 0xa0...0xbf ~= octet
        case 0xed: 0x80...0x9f ~= octet
        case 0xf0: 0x90...0xbf ~= octet
        case 0xf4: 0x80...0x8f ~= octet
        default: 0x80...0xbf ~= octet
        }
    }

    private static func put(_ octet: UInt8, to output: inout [UInt8]) {
        output += Array("<\(String(octet, radix: 16, uppercase: true))>".utf8)
    }

    private static let carriageReturn = UInt8(ascii: "\r")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let tab = UInt8(ascii: "\t")
}

extension TerminalText {
    /// Whether a terminal with these variables reads UTF-8: yes, unless a locale with another charset is chosen.
    package static func isUTF8(environment: [String: String]) -> Bool {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }
        // Without a locale, or with the C library's own, the terminal has not been asked: today it is UTF-8.
        guard let locale = names.first(where: { !$0.isEmpty }), !["C", "POSIX"].contains(locale) else { return true }
        // A locale without a charset has one of before UTF-8; macOS has one that is nothing but a charset.
        let charset = (locale.split(separator: ".").dropFirst().first ?? locale[...]).prefix { $0 != "@" }
        return ["utf8", "utf-8"].contains(charset.lowercased())
    }
}
