import GuerrillaMail
import GuerrillaTestSupport
import Testing

@Suite struct HeaderParserTests {
    private func parse(_ text: String, limits: HeaderLimits = HeaderLimits()) throws -> HeaderSection {
        try HeaderParser.parse(Array(text.utf8).span, limits: limits)
    }

    private func syntaxError(parsing text: String, limits: HeaderLimits = HeaderLimits()) -> HeaderSyntaxError? {
        do throws(HeaderSyntaxError) {
            _ = try HeaderParser.parse(Array(text.utf8).span, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test func fieldsAreKeptInOrderWithRepeatedOnes() throws {
        let section = try parse("Received: a\r\nsubject: b\r\nReceived: c\r\n\r\nBody: no\r\n")
        #expect(section.fields.map(\.name) == ["Received", "subject", "Received"])
        #expect(section.fields.map(\.body) == ["a", "b", "c"])
        #expect(section.octetCount == 40)
        #expect(section.endsWithEmptyLine)
        #expect(section[first: "SUBJECT"]?.body == "b")
        #expect(section[first: "Subjec"] == nil)
        #expect(section.all(named: "received").map(\.body) == ["a", "c"])
        #expect(section.count(named: "RECEIVED") == 2)
    }

    struct Folding: Sendable {
        let field: String
        let body: String
    }

    @Test(arguments: [
        Folding(field: "S: a\r\n b", body: "a b"),
        Folding(field: "S: a\r\n\tb", body: "a\tb"),
        Folding(field: "S: a \r\n  b", body: "a   b"),
        Folding(field: "S:\r\n a", body: "a"),
        Folding(field: "S: \r\n \r\n a", body: "a"),
        Folding(field: "S: a\r\n \t \r\n b", body: "a \t  b"),
        Folding(field: "S: a\r\n ", body: "a"),
        Folding(field: "S: a\n b", body: "a b"),
        Folding(field: "S: a\r\r\n b", body: "a\r b"),
        Folding(field: "S:", body: ""),
        Folding(field: "S: \t ", body: ""),
        Folding(field: "S:a:b", body: "a:b"),
        Folding(field: "S:  a  ", body: "a"),
        Folding(field: "S: ä €", body: "ä €"),
    ])
    func bodiesAreUnfoldedAndTrimmed(_ sample: Folding) throws {
        let section = try parse(sample.field + "\r\nNext: x\r\n\r\n")
        #expect(section.fields.first?.body == sample.body)
        #expect(section.fields.first?.bodyOctets == Array(sample.body.utf8))
        #expect(section.fields.first.map { Array($0.rawOctets) } == Array(sample.field.utf8))
        #expect(section.fields.last?.body == "x")
        #expect(section.fields.count == 2)
    }

    struct Ending: Sendable {
        let message: String
        let fields: Int
        let octets: Int
        let empty: Bool
    }

    @Test(arguments: [
        Ending(message: "", fields: 0, octets: 0, empty: false),
        Ending(message: "\r\n", fields: 0, octets: 2, empty: true),
        Ending(message: "\n", fields: 0, octets: 1, empty: true),
        Ending(message: "\r\nA: b\r\n", fields: 0, octets: 2, empty: true),
        Ending(message: "A: b\r\n", fields: 1, octets: 6, empty: false),
        Ending(message: "A: b", fields: 1, octets: 4, empty: false),
        Ending(message: "A: b\r\n\r\n", fields: 1, octets: 8, empty: true),
        Ending(message: "A: b\n\nx", fields: 1, octets: 6, empty: true),
        Ending(message: "A: b\r\nC: d\n\r\nx", fields: 2, octets: 13, empty: true),
        Ending(message: "A: b\r\n \r\n\r\nx", fields: 1, octets: 11, empty: true),
    ])
    func sectionEndsAtTheEmptyLineOrTheEnd(_ sample: Ending) throws {
        let section = try parse(sample.message)
        #expect(section.fields.count == sample.fields)
        #expect(section.octetCount == sample.octets)
        #expect(section.endsWithEmptyLine == sample.empty)
    }

    @Test(arguments: ["From a@b Sat Nov 21\r\nA: b\r\n\r\n", ">From a@b\nA: b\n\n", "From \r\nA: b\r\n\r\n"])
    func mailboxSeparatorInTheFirstLineIsSkipped(message: String) throws {
        let section = try parse(message)
        #expect(section.fields.map(\.name) == ["A"])
        #expect(section.octetCount == message.utf8.count)
    }

    @Test func obsoleteWhiteSpaceBeforeTheColonIsAccepted() throws {
        let section = try parse("From : a@b\r\nTo\t : c@d\r\n\r\n")
        #expect(section[first: "from"]?.body == "a@b")
        #expect(section.fields.map(\.name) == ["From", "To"])
    }

    struct Malformed: Sendable {
        let message: String
        let offset: Int
        let fields: Int
    }

    @Test(arguments: [
        Malformed(message: "hello\r\nA: b\r\n\r\n", offset: 0, fields: 0),
        Malformed(message: " A: b\r\n\r\n", offset: 0, fields: 0),
        Malformed(message: ": b\r\n", offset: 0, fields: 0),
        Malformed(message: "A: b\r\nhello world\r\nC: d\r\n\r\n", offset: 6, fields: 1),
        Malformed(message: "A: b\r\nFrom me at home\r\n\r\n", offset: 6, fields: 1),
        Malformed(message: "A: b\r\nC d: e\r\n\r\n", offset: 6, fields: 1),
        Malformed(message: "A: b\r\nÄ: e\r\n\r\n", offset: 6, fields: 1),
        Malformed(message: "A: b\r\nC\u{0}: e\r\n\r\n", offset: 6, fields: 1),
        Malformed(message: "A: b\r\n c\r\n>From x\r\n", offset: 10, fields: 1),
        Malformed(message: "\r", offset: 0, fields: 0),
    ])
    func malformedLineEndsTheSectionThere(_ sample: Malformed) throws {
        let error = try #require(syntaxError(parsing: sample.message))
        #expect(error.code == .malformedField)
        #expect(error.offset == sample.offset)
        #expect(error.partial.octetCount == sample.offset)
        #expect(error.partial.fields.count == sample.fields)
        #expect(error.partial.endsWithEmptyLine == false)
    }

    @Test func sizeLimitCountsTheEmptyLine() throws {
        let message = "A: b\r\nC: d\r\n\r\nbody"
        #expect(try parse(message, limits: HeaderLimits(maximumSize: 14)).octetCount == 14)
        for size in [0, 5, 6, 11, 12, 13] {
            let error = try #require(syntaxError(parsing: message, limits: HeaderLimits(maximumSize: size)))
            #expect(error.code == .tooLarge)
            #expect(error.offset == size)
            #expect(error.partial.fields.count == size / 6)
            #expect(error.partial.octetCount == size / 6 * 6)
        }
        #expect(syntaxError(parsing: message, limits: HeaderLimits(maximumSize: -1))?.code == .tooLarge)
        #expect(syntaxError(parsing: message, limits: HeaderLimits(maximumSize: .max)) == nil)
    }

    @Test func sectionAsLargeAsTheLimitNeedsNoEmptyLine() throws {
        let message = "A: b\r\nC: d\r\n"
        #expect(try parse(message, limits: HeaderLimits(maximumSize: 12)).fields.count == 2)
    }

    @Test func fieldLimitIsKept() throws {
        let message = "A: b\r\nC: d\r\n e\r\nF: g\r\n\r\n"
        #expect(try parse(message, limits: HeaderLimits(maximumFieldCount: 3)).fields.count == 3)
        let error = try #require(syntaxError(parsing: message, limits: HeaderLimits(maximumFieldCount: 2)))
        #expect(error.code == .tooManyFields)
        #expect(error.offset == 16)
        #expect(error.partial.fields.map(\.body) == ["b", "d e"])
    }

    @Test func hugeSectionIsRefusedByDefaultAndParsedWhenAllowed() throws {
        let message = "A: " + String(repeating: "x", count: 10 << 20) + "\r\n\r\n"
        #expect(syntaxError(parsing: message)?.code == .tooLarge)
        let section = try parse(message, limits: HeaderLimits(maximumSize: 11 << 20))
        #expect(section.fields.first?.bodyOctets.count == 10 << 20)
    }

    @Test func invalidUTF8IsRepairedInTextAndKeptInOctets() throws {
        let section = try HeaderParser.parse(Array([0x41, 0x3A, 0x20, 0xE9, 0x0D, 0x0A]).span)
        #expect(section.fields.first?.body == "\u{FFFD}")
        #expect(section.fields.first?.bodyOctets == [0xE9])
    }

    @Test func errorSaysWhereWithoutContent() throws {
        let error = try #require(syntaxError(parsing: "A: secret\r\nsecret\r\n"))
        #expect("\(error)" == "line is not a header field, at octet 11, after 1 fields")
    }

    @Test(arguments: 0..<40)
    func lineEndIsFoundAtEveryAlignment(length: Int) throws {
        // Octets that differ from LF in one bit, and 0x8A, try the arithmetic of the word-wise search.
        let filler: [UInt8] = [0x0B, 0x8A, 0x0E, 0x02, 0x1A, 0x4A, 0x08, 0x2A]
        let body = (0..<length).map { filler[$0 % filler.count] }
        let section = try HeaderParser.parse((Array("A:b".utf8) + body + Array("c\nD: e\n\n".utf8)).span)
        #expect(section.fields.first?.bodyOctets == Array("b".utf8) + body + Array("c".utf8))
        #expect(section.fields.count == 2)
    }

    @Test func randomOctetsNeverTrapAndRespectTheBounds() {
        var random = SeededRandom(seed: 1)
        for _ in 0..<5000 {
            let bytes = random.octets(upTo: 120, from: "AB: \t\r\n\r\nFrom >\u{80}\u{0}x:")
            let limits = HeaderLimits(
                maximumSize: Int.random(in: 0...130, using: &random),
                maximumFieldCount: Int.random(in: 0...6, using: &random)
            )
            let section: HeaderSection
            do throws(HeaderSyntaxError) {
                section = try HeaderParser.parse(bytes.span, limits: limits)
            } catch {
                section = error.partial
                #expect(error.offset <= bytes.count)
            }
            #expect(section.octetCount <= min(bytes.count, limits.maximumSize))
            #expect(section.fields.count <= limits.maximumFieldCount)
            for field in section.fields {
                #expect(!field.name.isEmpty)
                #expect(!field.canonicalName.isEmpty)
                #expect(!field.bodyOctets.contains(0x0A))
                #expect(field == field)
            }
        }
    }
}
