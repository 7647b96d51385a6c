import GuerrillaSMTP
import Testing

struct ProcessorReplyTests {
    private func reply(_ code: UInt16, _ status: EnhancedStatusCode? = nil) throws -> SMTPReply {
        SMTPReply(try #require(ReplyCode(rawValue: code)), status, lines: ["text"])
    }

    @Test(arguments: [250, 251, 299, 450, 451, 452, 499, 500, 550, 554, 599] as [UInt16])
    func whatSaysYesOrNoIsAVerdict(_ code: UInt16) throws {
        #expect(try self.reply(code).asVerdict?.code.rawValue == code)
        #expect(try self.reply(code).asRefusal?.code.rawValue == (code < 400 ? nil : code))
    }

    @Test(arguments: [221, 300, 334, 354, 399, 421] as [UInt16])
    func whatSaysSomethingElseIsNone(_ code: UInt16) throws {
        #expect(try self.reply(code).asVerdict == nil)
        #expect(try self.reply(code).asRefusal == nil)
    }

    @Test func enhancedStatusCodesFit() throws {
        #expect(try self.reply(550, EnhancedStatusCode(5, 7, 26)).asVerdict?.wireText == "550 5.7.26 text\r\n")
        for status in [nil, EnhancedStatusCode(2, 0, 0), EnhancedStatusCode(4, 1, 1), EnhancedStatusCode(5, 1_000, 0)] {
            #expect(try self.reply(550, status).asVerdict?.wireText == "550 5.0.0 text\r\n")
        }
    }

    @Test func linesAreBounded() throws {
        var long = try self.reply(451)
        long.lines = Array(repeating: "text", count: 10_000)
        #expect(long.asVerdict?.lines.count == 10)
    }
}
