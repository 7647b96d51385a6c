/// A command line taken apart: the verb and where its argument stands. (RFC 5321 § 4.1.1)
struct Command: Equatable {
    let verb: Verb
    /// Offsets of the argument in the line, without the space before it and white space after it.
    let argument: Range<Int>

    enum ParsingError: Error, Equatable {
        /// NUL or another control character: nothing that was meant as a command.
        case controlCharacter
        case unknownVerb
    }

    /// Parses a line without its CRLF. The verb must be a whole word: `NOOPX` is none.
    init(_ line: Span<UInt8>) throws(ParsingError) {
        var end = line.count
        for index in 0..<line.count where line[index] < 32 || line[index] == 127 {
            // A tab is tolerated where a space may stand.
            if line[index] != 9 { throw .controlCharacter }
        }
        while end > 0, Self.isWhiteSpace(line[end - 1]) { end -= 1 }
        var spelling: UInt64 = 0
        var start = 0
        while start < end, !Self.isWhiteSpace(line[start]) {
            let octet = line[start]
            guard start < 8, (0x41...0x5A).contains(octet & 0xDF), octet >= 0x41 else { throw .unknownVerb }
            spelling = spelling << 8 | UInt64(octet)
            start += 1
        }
        guard let verb = Verb(spelling: spelling) else { throw .unknownVerb }
        while start < end, Self.isWhiteSpace(line[start]) { start += 1 }
        self.verb = verb
        self.argument = start..<end
    }

    private static func isWhiteSpace(_ octet: UInt8) -> Bool {
        octet == 32 || octet == 9
    }
}
