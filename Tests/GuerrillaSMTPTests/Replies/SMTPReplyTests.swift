import Testing

@testable import GuerrillaSMTP

struct SMTPReplyTests {
    @Test func everyLineCarriesCodeAndStatus() {
        let reply = SMTPReply(.helpMessage, EnhancedStatusCode(2, 0, 0), lines: ["one", "two"])
        #expect(reply.wireText == "214-2.0.0 one\r\n214 2.0.0 two\r\n")
    }

    @Test func longStatusDetailsAreWrittenOut() {
        let reply = SMTPReply(.mailboxUnavailable, EnhancedStatusCode(5, 7, 26), "no")
        #expect(reply.wireText == "550 5.7.26 no\r\n")
    }

    @Test func textCannotForgeALine() {
        #expect(SMTPReply(.ok, "a\r\n550 b\0").wireText == "250 a  550 b \r\n")
    }

    @Test func textIsCutToTheLengthOfAReplyLine() {
        let reply = SMTPReply(.ok, EnhancedStatusCode(2, 0, 0), String(repeating: "ä", count: 1_000))
        #expect(reply.wireText.utf8.count <= 512)
    }

    @Test func noLinesAreAnEmptyLine() {
        #expect(SMTPReply(.ok, nil, lines: []).wireText == "250 \r\n")
    }

    @Test func codesOutsideTheProtocolDoNotExist() {
        #expect(ReplyCode(rawValue: 199) == nil)
        #expect(ReplyCode(rawValue: 600) == nil)
        #expect(ReplyCode(rawValue: 451)?.kind == .transientNegative)
    }
}
