#if SQLite
import Foundation
import GuerrillaMail
import Testing

@testable import GuerrillaSQLite

struct HeaderJSONTests {
    private func encoded(_ section: HeaderSection) -> [UInt8] {
        var json = HeaderJSON()
        // What was written before must not show.
        json.write(HeaderSection(fields: [HeaderField(name: "before", body: "b")]))
        json.write(section)
        return json.octets
    }

    private func encoded(_ headers: [(name: String, value: String)]) -> [UInt8] {
        self.encoded(HeaderSection(fields: headers.map { HeaderField(name: $0.name, body: $0.value) }))
    }

    private func decoded(_ json: [UInt8]) throws -> [[[UInt8]]] {
        try JSONDecoder().decode([[String]].self, from: Data(json)).map { $0.map { Array($0.utf8) } }
    }

    @Test func noSectionIsNoText() {
        var json = HeaderJSON()
        json.write(HeaderSection())
        json.write(nil)
        #expect(json.octets.isEmpty)
    }

    @Test func aListWithoutFieldsIsAnEmptyArray() {
        #expect(self.encoded([]) == Array("[]".utf8))
    }

    @Test func fieldsKeepOrderAndRepetition() {
        let json = self.encoded([("Received", "a"), ("To", ""), ("Received", "b")])
        #expect(json == Array(#"[["Received","a"],["To",""],["Received","b"]]"#.utf8))
    }

    @Test func controlCharactersAreEscaped() {
        let json = self.encoded([("a", "\"\\\r\n\t\u{0}\u{1f}\u{7f}/")])
        #expect(json == Array("[[\"a\",\"\\\"\\\\\\r\\n\\t\\u0000\\u001f\u{7f}/\"]]".utf8))
    }

    static let texts: [String] = [
        "", "\"", "\\", "\\\"", "\u{0}", "a\u{0}b\u{0}", "\\u0041", "</script>", "\u{2028}\u{2029}\u{FEFF}", "Grüße",
        "\u{1F980}\u{10FFFF}", "e\u{301}", "\r\n\r\n", String(decoding: [0xff, 0xc0, 0x80, 0x22], as: UTF8.self),
        String(decoding: (0...127).map { UInt8($0) }, as: UTF8.self), "[\"x\",null]",
    ]

    @Test(arguments: texts)
    func everyTextComesBackFromAnotherDecoder(_ text: String) throws {
        let json = self.encoded([(text, "x"), ("y", text)])
        #expect(try self.decoded(json) == [[text, "x"], ["y", text]].map { $0.map { Array($0.utf8) } })
    }

    /// Folded bodies, white space at both ends, octets that are not UTF-8: the text is that of the field.
    @Test(arguments: [
        Array("A: b\r\n c\r\nD:\r\n \r\n\te \r\n\r\n".utf8), Array("A: \u{e9}\r\nB: \"\\\u{0}\r\n\r\n".utf8),
        Array("A: ".utf8) + [0xFF, 0xC3, 0x28, 0xE2, 0x82] + Array("\r\n ".utf8) + [0xAC, 0x22]
            + Array("\r\n\r\n".utf8),
        Array("From : a@b\r\n\r\n".utf8),
    ])
    func fieldsOfAMessageComeBackAsTheirText(_ message: [UInt8]) throws {
        let section = try HeaderParser.parse(message.span)
        #expect(!section.fields.isEmpty)
        #expect(
            try self.decoded(self.encoded(section))
                == section.fields.map { [Array($0.name.utf8), Array($0.body.utf8)] }
        )
    }
}
#endif
