import Testing

@testable import GuerrillaSMTP

struct ChunkAnnouncementTests {
    private static func parse(_ text: String) -> [String]? {
        ChunkAnnouncement(Array(text.utf8).span).map { ["\($0.size)", "\($0.isLast)", "\($0.isWellFormed)"] }
    }

    @Test(arguments: [
        ("0", ["0", "false", "true"]), ("86400 LAST", ["86400", "true", "true"]), ("1  lAsT", ["1", "true", "true"]),
        ("00000000000000000012", ["12", "false", "true"]), ("5 LASTLY", ["5", "false", "false"]),
        ("5 LAST LAST", ["5", "false", "false"]), ("5 x", ["5", "false", "false"]),
        ("9223372036854775807", ["9223372036854775807", "false", "true"]),
        ("9223372036854775808", ["9223372036854775807", "false", "true"]),
        ("99999999999999999999 LAST", ["9223372036854775807", "true", "true"]),
    ])
    func numbersAreRead(_ text: String, _ expected: [String]) {
        #expect(Self.parse(text) == expected)
    }

    @Test(arguments: ["", "x", "-1", "+1", "1x", "LAST", "0x10", "1,000", "000000000000000000001", "٣"])
    func whatIsNoNumberAnnouncesNothing(_ text: String) {
        #expect(Self.parse(text) == nil)
    }
}
