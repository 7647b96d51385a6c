import GuerrillaBackend
import GuerrillaTestSupport
import Testing

@testable import Guerrilla

struct JSONTextTests {
    @Test func isWrittenForReading() {
        let value: ConfigurationValue = [
            "name": "a", "list": ["b", 3, true, .null], "empty": [], "none": [:], "inner": ["half": .double(0.5)],
        ]
        #expect(
            JSONText.pretty(value) == """
                {
                    "name": "a",
                    "list": ["b", 3, true, null],
                    "empty": [],
                    "none": {},
                    "inner": {
                        "half": 0.5
                    }
                }

                """
        )
        #expect(
            JSONText.line(value)
                == #"{"name":"a","list":["b",3,true,null],"empty":[],"none":{},"inner":{"half":0.5}}"#
        )
    }

    @Test func listsThatAreLongOrHoldObjectsTakeALineForEachElement() {
        #expect(JSONText.pretty([["a": 1]]) == "[\n    {\n        \"a\": 1\n    }\n]\n")
        let long = ConfigurationValue.string(String(repeating: "x", count: 60))
        #expect(JSONText.pretty(.array([long, long])).split(separator: "\n").count == 4)
    }

    @Test func controlCharactersAreEscaped() {
        #expect(
            JSONText.line(.string("\"\\\n\r\t\0\u{1B}\u{7F}\u{9B}ü\u{1F600}"))
                == #""\"\\\n\r\t\u0000\u001b\u007f\u009bü"# + "\u{1F600}\""
        )
    }

    /// Text that runs backwards, lines that end unseen, and what is invisible beyond 16 bits.
    @Test func whatIsEscapedInLogsIsEscaped() {
        #expect(
            JSONText.line(.string("a\u{202E}b\u{2028}c\u{61C}d\u{E0001}"))
                == #""a\u202eb\u2028c\u061cd\udb40\udc01""#
        )
    }

    @Test func isReadBackAsItWas() throws {
        var random = SeededRandom(seed: 11)
        for _ in 0..<500 {
            let value = Self.value(depth: 0, using: &random)
            #expect(try JSONReader.read(Array(JSONText.line(value).utf8)).value == value)
            #expect(try JSONReader.read(Array(JSONText.pretty(value).utf8)).value == value)
        }
    }

    private static func value(depth: Int, using random: inout SeededRandom) -> ConfigurationValue {
        switch Int.random(in: 0..<(depth < 3 ? 7 : 5), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2: .integer(.random(in: .min ... .max, using: &random))
        case 3: .double(.random(in: 0.001..<0.999, using: &random))
        case 4: .string(Self.text(using: &random))
        case 5:
            .array(
                (0..<Int.random(in: 0..<5, using: &random)).map { _ in Self.value(depth: depth + 1, using: &random) }
            )
        default:
            .object(
                ConfigurationObject(
                    (0..<Int.random(in: 0..<5, using: &random)).map { index in
                        ("\(index)" + Self.text(using: &random), Self.value(depth: depth + 1, using: &random))
                    }
                )
            )
        }
    }

    private static func text(using random: inout SeededRandom) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0..<8, using: &random) {
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<0x3000, using: &random)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
