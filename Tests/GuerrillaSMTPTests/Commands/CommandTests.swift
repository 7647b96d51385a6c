import Testing

@testable import GuerrillaSMTP

struct CommandTests {
    private func parse(_ line: String) -> (Verb, String)? {
        let octets = Array(line.utf8)
        guard let command = try? Command(octets.span) else { return nil }
        return (command.verb, String(decoding: octets[command.argument], as: UTF8.self))
    }

    @Test func everyVerbIsFoundByItsName() {
        for verb in Verb.allCases {
            #expect(self.parse(verb.name)?.0 == verb)
            #expect(self.parse(verb.name.lowercased())?.0 == verb)
        }
    }

    @Test(arguments: ["", "NOO", "NOOPX", "XNOOP", " NOOP", "NOOP:", "N@OP", "\u{2E}OOP", "noo\u{10}"])
    func otherWordsAreNoVerbs(_ line: String) {
        #expect(self.parse(line) == nil)
    }

    @Test func argumentIsTrimmed() {
        #expect(self.parse("MAIL \t FROM:<> \t")?.1 == "FROM:<>")
        #expect(self.parse("QUIT  ")?.1 == "")
    }

    @Test func controlCharactersAreToldApart() {
        #expect(throws: Command.ParsingError.controlCharacter) { try Command(Array("NOOP a\0".utf8).span) }
        #expect(throws: Command.ParsingError.unknownVerb) { try Command(Array("HALLO".utf8).span) }
    }
}
