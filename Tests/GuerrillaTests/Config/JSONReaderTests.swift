import GuerrillaBackend
import GuerrillaTestSupport
import Testing

@testable import Guerrilla

struct JSONReaderTests {
    private func value(_ text: String) throws -> ConfigurationValue {
        try ConfigurationFile.parse(text.utf8).root.value
    }

    private func failure(_ octets: some Sequence<UInt8>) -> String? {
        do {
            _ = try ConfigurationFile.parse(octets)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(
        arguments: [
            ("null", .null), ("true", true), (" false ", false), ("0", 0), ("-0", 0), ("-17", -17),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.5", .double(1.5)), ("1.0", .double(1)),
            ("1e3", .double(1000)), ("1E-2", .double(0.01)), ("1e-999", .double(0)),
            (#""""#, ""), (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")),
            (#""\u00e4\u20AC""#, "ä€"), (#""\ud83d\ude00""#, "😀"), ("\"ä😀\"", "ä😀"), (#""\u0000""#, "\0"),
            ("[]", []), ("[1, [2], {}]", [1, [2], [:]]), ("{}", [:]),
            (#"{"a":1,"b":{"c":[null]}}"#, ["a": 1, "b": ["c": [.null]]]),
            ("\u{FEFF}{}", [:]), ("\r\n\t {} \n", [:]),
        ] as [(String, ConfigurationValue)]
    )
    func readsJSON(_ text: String, _ expected: ConfigurationValue) throws {
        #expect(try value(text) == expected)
    }

    @Test(arguments: [
        ("", "line 1, column 1: the file ends where a value should be"),
        ("  \n ", "line 2, column 2: the file ends where a value should be"),
        ("{", "line 1, column 2: expected a key in quotation marks"),
        ("{\"a\"", "line 1, column 5: expected a colon after the key"),
        ("{\"a\":", "line 1, column 6: the file ends where a value should be"),
        ("{\"a\":1", "line 1, column 7: expected a comma or } after the value"),
        ("{\"a\":1,}", "line 1, column 8: expected a key in quotation marks"),
        ("{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, column 3: expected a comma or } after the value"),
        ("{a:1}", "line 1, column 2: expected a key in quotation marks"),
        ("[1,]", "line 1, column 4: expected a value"),
        ("[1", "line 1, column 3: expected a comma or ] after the value"),
        ("[1}", "line 1, column 3: expected a comma or ] after the value"),
        ("{} {}", "line 1, column 4: there is something after the end of the configuration"),
        ("// note\n{}", "line 1, column 1: expected a value"),
        ("tru", "line 1, column 1: expected a value"),
        ("nulll", "line 1, column 5: there is something after the end of the configuration"),
        ("'a'", "line 1, column 1: expected a value"),
        ("NaN", "line 1, column 1: expected a value"),
        ("+1", "line 1, column 1: expected a value"),
        (".5", "line 1, column 1: expected a value"),
        ("01", "line 1, column 2: a number may not start with 0"),
        ("-", "line 1, column 2: expected a digit"),
        ("1.", "line 1, column 3: expected a digit"),
        ("1e", "line 1, column 3: expected a digit"),
        ("1e+", "line 1, column 4: expected a digit"),
        ("[\"ä\", 1e999]", "line 1, column 7: the number is too large"),
        ("\"abc", "line 1, column 1: the string that begins here does not end"),
        ("\"\\", "line 1, column 2: unknown escape in a string"),
        ("\"a\\x\"", "line 1, column 3: unknown escape in a string"),
        (
            "\"a\nb\"",
            "line 1, column 3: a string may not hold a line break or another control character; write it as an escape"
        ),
        ("\"\\u12g4\"", "line 1, column 6: expected four hexadecimal digits after \\u"),
        ("\"\\u12", "line 1, column 6: expected four hexadecimal digits after \\u"),
        ("\"\\ud83d\"", "line 1, column 2: half a surrogate pair in a string"),
        ("\"\\ud83d\\n\"", "line 1, column 2: half a surrogate pair in a string"),
        ("\"\\ud83d\\u0041\"", "line 1, column 2: half a surrogate pair in a string"),
        ("\"\\ude00\\ud83d\"", "line 1, column 2: half a surrogate pair in a string"),
    ])
    func malformedTextIsOneSentenceWithLineAndColumn(_ text: String, _ expected: String) {
        #expect(failure(text.utf8) == expected)
    }

    @Test(arguments: [[0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func invalidUTF8IsRefused(_ octets: [UInt8]) {
        let quoted = [UInt8(ascii: "\"")] + octets + [UInt8(ascii: "\"")]
        #expect(failure(quoted) == "line 1, column 1: the string is not valid UTF-8")
    }

    @Test(arguments: ["[", #"{"a":"#])
    func nestingIsLimited(_ opening: String) throws {
        let closing = opening == "[" ? "]" : "}"
        func nested(_ depth: Int) -> String {
            String(repeating: opening, count: depth) + (opening == "[" ? "" : "1")
                + String(repeating: closing, count: depth)
        }
        #expect(throws: Never.self) { try value(nested(64)) }
        #expect(failure(nested(65).utf8)?.hasSuffix("nested deeper than 64 levels") == true)
        #expect(
            failure(String(repeating: opening, count: 100_000).utf8)?.hasSuffix("nested deeper than 64 levels") == true
        )
    }

    @Test func sizeIsLimited() throws {
        let largest = "\"" + String(repeating: "a", count: ConfigurationFile.maximumSize - 2) + "\""
        #expect(throws: Never.self) { try value(largest) }
        #expect(failure((largest + " ").utf8) == "line 1, column 1: the file is larger than 1048576 octets")
        // An endless source is not read to its end.
        #expect(failure(repeatElement(UInt8(ascii: " "), count: .max)) != nil)
    }

    /// A column is not counted from the start of the line for every value.
    @Test(.timeLimit(.minutes(10))) func longLineTakesNoLongerThanManyLines() throws {
        let text = "[" + String(repeating: "0,", count: 500_000) + "0]"
        let node = try ConfigurationFile.parse(text.utf8).root
        #expect(node.elements?.last?.position == ConfigurationNode.Position(line: 1, column: 1_000_002))
    }

    @Test func nodesKnowTheirPlaceAndTheOrderOfKeys() throws {
        let root = try ConfigurationFile.parse("{\n  \"ä\": [1,\n\t2],\n  \"a\": 3, \"ä\": 4\n}".utf8).root
        let members = try #require(root.members)
        #expect(members.map(\.key) == ["ä", "a", "ä"])
        #expect(members.map(\.keyPosition.line) == [2, 4, 4])
        #expect(members.map(\.keyPosition.column) == [3, 3, 11])
        #expect(members.map(\.node.position.column) == [8, 8, 16])
        #expect(members[0].node.elements?.map(\.position) == [.init(line: 2, column: 9), .init(line: 3, column: 2)])
        #expect(root.value == ["ä": 4, "a": 3])
    }

    @Test func everyTruncationOfAFileIsRefused() {
        let octets = Array(#"{"a":[1,-2.5e3,"x\u00e4\n",true,null],"b":{"c":{}}}"#.utf8)
        for count in 0..<octets.count {
            #expect(failure(octets.prefix(count)) != nil, "\(count) octets")
        }
        #expect(failure(octets) == nil)
    }

    @Test func randomOctetsNeverTrap() {
        var generator = SeededRandom(seed: 2821)
        let tokens = [
            "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u", "d83d", "1", "-", ".", "e", "true", "null", " ", "\n",
            "\u{7F}",
        ]
        for _ in 0..<20_000 {
            var octets: [UInt8] = []
            for _ in 0..<Int.random(in: 0...24, using: &generator) {
                if Bool.random(using: &generator) {
                    octets += Array(tokens.randomElement(using: &generator)!.utf8)
                } else {
                    octets.append(.random(in: 0...255, using: &generator))
                }
            }
            _ = failure(octets)
        }
    }

    @Test func mutationsOfARealFileNeverTrap() throws {
        var generator = SeededRandom(seed: 5321)
        let sample = try ConfigurationFile.contents(of: repositoryPath("goguerrilla.conf.sample"))
        let loader = ConfigurationLoader(hostName: "host.test")
        for _ in 0..<2_000 {
            var octets = sample
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: octets.indices, using: &generator)
                octets[index] =
                    Bool.random(using: &generator)
                    ? sample.randomElement(using: &generator)! : .random(in: 0...255, using: &generator)
            }
            _ = loader.load(octets, source: .embeddedDefault)
        }
    }
}
