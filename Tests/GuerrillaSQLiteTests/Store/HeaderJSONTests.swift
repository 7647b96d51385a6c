#if SQLite
import Foundation
import Testing

@testable import GuerrillaSQLite

struct HeaderJSONTests {
    private func encoded(_ headers: [(name: String, value: String)]) -> [UInt8] {
        var bytes = Array("-".utf8)
        HeaderJSON.append(headers, to: &bytes)
        return Array(bytes.dropFirst())
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
        let pairs = try JSONDecoder().decode([[String]].self, from: Data(json))
        #expect(
            pairs.map { $0.map { Array($0.utf8) } } == [[text, "x"], ["y", text]].map { $0.map { Array($0.utf8) } }
        )
    }
}
#endif
