import GuerrillaRedis
import NIOCore
import Testing

struct RESPDecoderTests {
    private static func replies(_ texts: [String], limits: RESPLimits = RESPLimits()) throws -> [RESPValue] {
        var decoder = RESPDecoder(limits: limits)
        var buffer = ByteBuffer()
        var replies: [RESPValue] = []
        for text in texts {
            buffer.writeString(text)
            while let reply = try decoder.next(&buffer) { replies.append(reply) }
        }
        return replies
    }

    private static func bulk(_ text: String) -> RESPValue { .bulkString(ByteBuffer(string: text)) }

    static let understood: [(String, [RESPValue])] = [
        ("+OK\r\n", [.simpleString("OK")]),
        ("+\r\n", [.simpleString("")]),
        ("-OOM command not allowed\r\n", [.error("OOM command not allowed")]),
        (":0\r\n:-12\r\n:9223372036854775807\r\n", [.integer(0), .integer(-12), .integer(.max)]),
        ("$0\r\n\r\n$3\r\na\r\n\r\n", [Self.bulk(""), Self.bulk("a\r\n")]),
        ("$-1\r\n*-1\r\n", [.null, .null]),
        ("*0\r\n", [.array([])]),
        (
            "*3\r\n:1\r\n*2\r\n$1\r\na\r\n*0\r\n$-1\r\n+end\r\n",
            [.array([.integer(1), .array([Self.bulk("a"), .array([])]), .null]), .simpleString("end")]
        ),
        ("*1\r\n*1\r\n*1\r\n+x\r\n", [.array([.array([.array([.simpleString("x")])])])]),
    ]

    @Test(arguments: Self.understood)
    func repliesAreUnderstood(text: String, expected: [RESPValue]) throws {
        #expect(try Self.replies([text]) == expected)
    }

    @Test(arguments: Self.understood)
    func cutAtEveryOctetTheyAreTheSame(text: String, expected: [RESPValue]) throws {
        #expect(try Self.replies(text.map { String($0) }.flatMap { $0 == "\r\n" ? ["\r", "\n"] : [$0] }) == expected)
        let octets = Array(text.utf8)
        for cut in octets.indices {
            let parts = [octets[..<cut], octets[cut...]].map { String(decoding: $0, as: UTF8.self) }
            #expect(try Self.replies(parts) == expected)
        }
    }

    @Test(arguments: Self.understood)
    func aReplyWithoutItsLastOctetIsNone(text: String, expected: [RESPValue]) throws {
        #expect(try Self.replies([String(decoding: text.utf8.dropLast(), as: UTF8.self)]) == expected.dropLast())
    }

    @Test(
        arguments: [
            ("hello\r\n", .unknownType(UInt8(ascii: "h"))), ("\r\n", .malformedLine), ("+OK\n", .malformedLine),
            ("+O\rK\r\n", .malformedLine), (":\r\n", .malformedNumber), (":1a\r\n", .malformedNumber),
            (":+1\r\n", .malformedNumber), (":--1\r\n", .malformedNumber), (": 1\r\n", .malformedNumber),
            (":9223372036854775808\r\n", .malformedNumber), ("$-2\r\n", .malformedNumber),
            ("*-2\r\n", .malformedNumber),
            ("$1\r\nab\r\n", .malformedBulkString), ("$1\r\na\r\r\n", .malformedBulkString),
            ("$99999999999999999999\r\n", .malformedNumber), ("$9223372036854775807\r\n", .tooLarge),
            ("*9223372036854775807\r\n", .tooLarge), ("*1\r\n%1\r\n", .unknownType(UInt8(ascii: "%"))),
            ("_\r\n", .unknownType(UInt8(ascii: "_"))),
        ] as [(String, RESPSyntaxError)]
    )
    func malformedOctetsAreToldWhateverTheCut(text: String, error: RESPSyntaxError) {
        #expect(throws: error) { try Self.replies([text]) }
        let octets = Array(text.utf8)
        for cut in octets.indices {
            #expect(throws: error) {
                try Self.replies([octets[..<cut], octets[cut...]].map { String(decoding: $0, as: UTF8.self) })
            }
        }
    }

    @Test func everyLimitHolds() throws {
        var limits = RESPLimits()
        limits.line = 4
        limits.bulkString = 5
        limits.values = 6
        limits.depth = 2
        limits.octets = 60
        #expect(try Self.replies(["+abcd\r\n"], limits: limits) == [.simpleString("abcd")])
        #expect(throws: RESPSyntaxError.tooLarge) { try Self.replies(["+abcde\r\n"], limits: limits) }
        #expect(throws: RESPSyntaxError.tooLarge) { try Self.replies(["+abcdefgh"], limits: limits) }
        #expect(try Self.replies(["$5\r\nabcde\r\n"], limits: limits) == [Self.bulk("abcde")])
        #expect(throws: RESPSyntaxError.tooLarge) { try Self.replies(["$6\r\n"], limits: limits) }
        #expect(try Self.replies(["*5\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n"], limits: limits).count == 1)
        #expect(throws: RESPSyntaxError.tooLarge) { try Self.replies(["*6\r\n"], limits: limits) }
        #expect(throws: RESPSyntaxError.tooLarge) { try Self.replies(["*3\r\n*1\r\n:1\r\n*3\r\n"], limits: limits) }
        #expect(try Self.replies(["*1\r\n*1\r\n:1\r\n"], limits: limits).count == 1)
        #expect(throws: RESPSyntaxError.tooLarge) { try Self.replies(["*1\r\n*1\r\n*1\r\n"], limits: limits) }
        let long = "*5\r\n" + String(repeating: "$5\r\nabcde\r\n", count: 5)
        #expect(try Self.replies([long], limits: limits).count == 1)
        limits.octets = 40
        #expect(throws: RESPSyntaxError.tooLarge) { try Self.replies([long], limits: limits) }
        // The count begins anew with each reply.
        #expect(try Self.replies([String(repeating: "+abcd\r\n", count: 100)], limits: limits).count == 100)
    }
}
