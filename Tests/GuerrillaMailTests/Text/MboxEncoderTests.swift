import GuerrillaTestSupport
import Testing

@testable import GuerrillaMail

struct MboxEncoderTests {
    private func encoded(_ pieces: [[UInt8]]) -> String {
        var encoder = MboxEncoder()
        var octets: [UInt8] = []
        encoder.begin(reversePath: "a@example.org", unixSeconds: 0, into: &octets)
        for piece in pieces { piece.withUnsafeBytes { encoder.encode($0, into: &octets) } }
        encoder.end(into: &octets)
        let line = "From a@example.org Thu Jan  1 00:00:00 1970\n"
        let text = String(decoding: octets, as: UTF8.self)
        #expect(text.hasPrefix(line))
        return String(text.dropFirst(line.count))
    }

    @Test(arguments: [
        ("a\r\nb\r\n", "a\nb\n\n"), ("a", "a\n\n"), ("", "\n"), ("\r\n", "\n\n"),
        ("From x\r\n>From y\r\n>>>From z\r\n", ">From x\n>>From y\n>>>>From z\n\n"),
        ("from x\r\nFrom\r\n>Fro\r\n From x\r\nxFrom x\r\n", "from x\nFrom\n>Fro\n From x\nxFrom x\n\n"),
        ("a\rb\r\r\nc\r", "a\rb\r\nc\r\n\n"), ("From ", ">From \n\n"), (">", ">\n\n"), ("Fro", "Fro\n\n"),
        ("FFrom x\r\nF>From x\r\n", "FFrom x\nF>From x\n\n"), ("a\n\nFrom x\n", "a\n\n>From x\n\n"),
    ])
    func contentIsQuoted(_ content: String, _ expected: String) {
        #expect(self.encoded([Array(content.utf8)]) == expected)
        // Cut anywhere.
        #expect(self.encoded(content.utf8.map { [$0] }) == expected)
    }

    @Test func whatWasWrittenIsReadBack() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<2_000 {
            let content = random.octets(upTo: 40, from: "From >\n\nFrom >a").filter {
                $0 != UInt8(ascii: "\r") && $0 < 0x80
            }
            let text = self.encoded([content])
            // Another From line would begin another message.
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(!lines.contains { $0.hasPrefix("From ") })
            let restored = lines.map { line in
                line.first == ">" && line.drop { $0 == ">" }.hasPrefix("From ") ? line.dropFirst() : line
            }.joined(separator: "\n")
            let isClosed = content.isEmpty || content.last == UInt8(ascii: "\n")
            #expect(restored == String(decoding: content, as: UTF8.self) + (isClosed ? "\n" : "\n\n"))
        }
    }

    @Test(arguments: [("", "MAILER-DAEMON"), ("\"a b\"@c\n", "\"a_b\"@c_"), ("ü@example.org", "MAILER-DAEMON")])
    func reversePathIsOneWord(_ path: String, _ word: String) {
        var encoder = MboxEncoder()
        var octets: [UInt8] = []
        encoder.begin(reversePath: path, unixSeconds: 1_795_248_408, into: &octets)
        #expect(String(decoding: octets, as: UTF8.self) == "From \(word) Sat Nov 21 08:06:48 2026\n")
    }
}
