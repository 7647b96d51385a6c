import Testing

@testable import Guerrilla

struct TerminalTextTests {
    private func shown(_ octets: [UInt8], pieces: Int = .max, isUTF8: Bool = true) -> String {
        var text = TerminalText(isUTF8: isUTF8)
        var output: [UInt8] = []
        var rest = octets[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieces))
            text.append(piece.span.bytes, to: &output)
            rest = rest.dropFirst(pieces)
        }
        text.finish(&output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test(
        arguments: [
            ("plain\ttext\nand more\n", "plain\ttext\nand more\n"),
            // CRLF ends a line; a CR that does not would hide it.
            ("one\r\ntwo\r\n", "one\ntwo\n"), ("real\rfake\r\n", "real^Mfake\n"), ("\r\r\n", "^M\n"), ("x\r", "x^M"),
            ("\u{1B}]0;TITLE\u{7}", "^[]0;TITLE^G"), ("\u{1B}]52;c;ZXZpbA==\u{7}", "^[]52;c;ZXZpbA==^G"),
            ("\u{1B}[2J\u{8}\u{7F}\u{0}", "^[[2J^H^?^@"), ("\u{9B}31m", "<U+009B>31m"),
            ("a\u{202E}b\u{2066}c\u{200B}d\u{FEFF}", "a<U+202E>b<U+2066>c<U+200B>d<U+FEFF>"),
            ("\u{2028}\u{E0041}", "<U+2028><U+E0041>"),
            ("grüße, 日本, 🙂, e\u{301}", "grüße, 日本, 🙂, e\u{301}"),
        ]
    )
    func controlsAreMadeVisible(_ text: String, _ expected: String) {
        for pieces in [1, 2, 3, .max] { #expect(self.shown(Array(text.utf8), pieces: pieces) == expected) }
    }

    @Test(
        arguments: [
            ([0x9B, 0x33, 0x31], "<9B>31"), ([0xFF, 0xFE], "<FF><FE>"), ([0xC3], "<C3>"), ([0xC3, 0x28], "<C3>("),
            ([0xE2, 0x82, 0x1B], "<E2><82>^["), ([0xE2, 0x82, 0x0D, 0x0A], "<E2><82>\n"), ([0xC0, 0x9B], "<C0><9B>"),
            // Overlong forms, surrogates, and what is beyond Unicode.
            ([0xE0, 0x82, 0x9B], "<E0><82><9B>"), ([0xED, 0xA0, 0x80], "<ED><A0><80>"),
            ([0xF4, 0x90, 0x80, 0x80], "<F4><90><80><80>"), ([0xF0, 0x80, 0x82, 0x9B], "<F0><80><82><9B>"),
            ([0xC3, 0xC3, 0xBC], "<C3>ü"),
        ] as [([UInt8], String)]
    )
    func whatIsNoUTF8IsMadeVisible(_ octets: [UInt8], _ expected: String) {
        for pieces in [1, 2, .max] { #expect(self.shown(octets, pieces: pieces) == expected) }
    }

    /// Whatever the octets are, only printable text, tabs and line ends come out.
    @Test func nothingElseComesOut() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let octets = (0..<200).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let text = self.shown(octets)
            let isHarmless = text.unicodeScalars.allSatisfy { !$0.isEscapedInLogs || $0 == "\n" || $0 == "\t" }
            #expect(isHarmless && !text.unicodeScalars.contains("\u{FFFD}"), "\(octets)")
            #expect(self.shown(octets, isUTF8: false).utf8.allSatisfy { $0 < 0x7F })
        }
    }

    @Test func aTerminalOfAnotherCharsetGetsASCII() {
        #expect(self.shown(Array("Û–\n".utf8), isUTF8: false) == "<U+00DB><U+2013>\n")
    }

    @Test(
        arguments: [
            ([:], true), (["LANG": "C"], true), (["LANG": ""], true), (["LANG": "C.UTF-8"], true),
            (["LANG": "de_DE.utf8"], true), (["LANG": "de_DE.UTF-8@euro"], true), (["LANG": "de_DE"], false),
            (["LC_CTYPE": "UTF-8"], true),
            (["LANG": "de_DE.ISO-8859-1"], false), (["LANG": "de_DE.UTF-8", "LC_ALL": "de_DE@euro"], false),
            (["LANG": "de_DE", "LC_CTYPE": "en_US.UTF-8"], true), (["LANG": "de_DE", "LC_ALL": "POSIX"], true),
        ] as [([String: String], Bool)]
    )
    func localesSayWhatTheTerminalReads(_ environment: [String: String], _ expected: Bool) {
        #expect(TerminalText.isUTF8(environment: environment) == expected)
    }
}
