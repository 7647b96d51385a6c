import GuerrillaTestSupport
import Testing

@testable import GuerrillaMail

struct HeaderSectionCounterTests {
    private static func count(
        _ text: String,
        size: Int = .max,
        fields: Int = .max,
        hops: Int = .max,
        piece: Int = .max
    ) -> HeaderSectionCounter.Excess? {
        var counter = HeaderSectionCounter(maximumSize: size, maximumFields: fields, maximumHops: hops)
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            if let excess = rest.prefix(piece).withUnsafeBytes({ counter.count($0) }) { return excess }
            rest = rest.dropFirst(piece)
        }
        return nil
    }

    /// Each text with the size, the fields and the Received fields of its header section.
    private static let sections: [(text: String, size: Int, fields: Int, hops: Int)] = [
        ("", 0, 0, 0),
        ("\r\nReceived: in the body\r\n", 2, 0, 0),
        ("\nReceived: in the body\n", 1, 0, 0),
        ("A: b\r\n\r\nbody", 8, 1, 0),
        ("A: b\n\nbody", 6, 1, 0),
        ("Received: a\r\nreceived : b\r\nRECEIVED:\r\n\r\n", 40, 3, 3),
        ("Received-SPF: a\r\nX-Received: b\r\nReceive: c\r\n\r\n", 46, 3, 0),
        ("A: b\r\n folded: c\r\n\tReceived: d\r\n\r\n", 34, 1, 0),
        ("A: b\rReceived: c\r\n\r\n", 20, 1, 0),
        ("From sender Sat Nov 21\r\nReceived: a\r\n\r\n", 39, 1, 1),
        (">From sender\r\nReceived: a\r\n\r\n", 29, 1, 1),
        ("From: a\r\n\r\n", 11, 1, 0),
    ]

    @Test(arguments: sections)
    func limitsHoldToTheOctet(_ section: (text: String, size: Int, fields: Int, hops: Int)) {
        for piece in [1, 2, 3, 7, .max] {
            let (text, size, fields, hops) = section
            #expect(Self.count(text, size: size, fields: fields, hops: hops, piece: piece) == nil)
            if size > 0 { #expect(Self.count(text, size: size - 1, piece: piece) == .size) }
            if fields > 0 { #expect(Self.count(text, fields: fields - 1, piece: piece) == .fields) }
            if hops > 0 { #expect(Self.count(text, hops: hops - 1, piece: piece) == .hops) }
        }
    }

    /// What is no header field ends the section, so that a long text without a header is not refused for its lines.
    @Test(arguments: [
        "no field\r\n", " folded nothing\r\n", "A\r\n", ": b\r\n", "Frm sender\r\n", "\0A: b\r\n", "ü: b\r\n",
        "\rA: b\r\n",
    ])
    func otherLinesEndTheSection(_ line: String) {
        let text = "A: b\r\n" + (line.first == " " ? "\r\n" : line) + String(repeating: "Received: x\r\n", count: 50)
        #expect(Self.count(text, fields: 1, hops: 0) == nil)
    }

    /// Both read the same section: the parser a whole message, the counter pieces of it.
    @Test func agreesWithTheParser() throws {
        var random = SeededRandom(seed: 21)
        let pieces = [
            "Received: x", "A: b", "\r\n", "\n", " ", "\t", "From x", ":", "no field", "X-Y:", "\r", "\r\n\r\n", "é",
            ">From ",
        ]
        for _ in 0..<5_000 {
            let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            let section: HeaderSection
            do throws(HeaderSyntaxError) {
                section = try HeaderParser.parse(Array(text.utf8).span)
            } catch {
                section = error.partial
            }
            let hops = section.count(named: "Received")
            #expect(
                Self.count(text, fields: section.fields.count, hops: hops, piece: 3) == nil,
                "\(text.debugDescription)"
            )
            if hops > 0 { #expect(Self.count(text, hops: hops - 1) == .hops, "\(text.debugDescription)") }
        }
    }
}
