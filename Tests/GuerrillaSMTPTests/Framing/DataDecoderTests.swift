import GuerrillaTestSupport
import NIOCore
import Testing

@testable import GuerrillaSMTP

struct DataDecoderTests {
    /// What is sent after 354, and what the message is; `rest` must be left over.
    struct Case: Sendable, CustomStringConvertible {
        var sent: String
        var message: String
        var rest = ""
        var description: String { self.sent.debugDescription }
    }

    static let cases = [
        Case(sent: ".\r\n", message: ""),
        Case(sent: "\r\n.\r\n", message: "\r\n"),
        Case(sent: "a\r\n.\r\nQUIT\r\n", message: "a\r\n", rest: "QUIT\r\n"),
        Case(sent: "..\r\n.\r\n", message: ".\r\n"),
        Case(sent: "...\r\n.\r\n", message: "..\r\n"),
        Case(sent: ".a\r\n.\r\n", message: "a\r\n"),
        Case(sent: "a.\r\n.b.\r\n.\r\n", message: "a.\r\nb.\r\n"),
        Case(sent: "a\n.\nb\r\n.\r\n", message: "a\n.\nb\r\n"),
        Case(sent: "a\n.\r\nb\r\n.\r\n", message: "a\n.\r\nb\r\n"),
        Case(sent: "a\r\n.\nb\r\n.\r\n", message: "a\r\n\nb\r\n"),
        Case(sent: "a\r.\rb\r\n.\r\n", message: "a\r.\rb\r\n"),
        Case(sent: "a\r.\r\nb\r\n.\r\n", message: "a\r.\r\nb\r\n"),
        Case(sent: "a\r\n.\rb\r\n.\r\n", message: "a\r\n\rb\r\n"),
        Case(sent: "a\r\n.\r\rb\r\n.\r\n", message: "a\r\n\r\rb\r\n"),
        Case(sent: "a\r\n.\r.\r\n.\r\n", message: "a\r\n\r.\r\n"),
        Case(sent: "a\r\r\n.\r\n", message: "a\r\r\n"),
        Case(sent: "\r\r\n..\r\n.\r\n", message: "\r\r\n.\r\n"),
        Case(sent: ".\r\r\n.\r\n", message: "\r\r\n"),
        Case(sent: "\0\u{7F}é\r\n.\r\n", message: "\0\u{7F}é\r\n"),
        Case(sent: "....\r\n....\r\n.\r\n.\r\n", message: "...\r\n...\r\n", rest: ".\r\n"),
    ]

    @Test(arguments: cases)
    func endsOnlyAtCRLFDotCRLF(_ example: Case) {
        let (message, rest) = Self.decode([Array(example.sent.utf8)])
        #expect(message == Array(example.message.utf8))
        #expect(rest == Array(example.rest.utf8))
    }

    @Test(arguments: cases)
    func resultDoesNotDependOnHowOctetsArrive(_ example: Case) {
        let sent = Array(example.sent.utf8)
        let whole = Self.decode([sent])
        for cut in 0...sent.count {
            for second in cut...sent.count {
                let parts = [Array(sent[..<cut]), Array(sent[cut..<second]), Array(sent[second...])]
                guard Self.decode(parts) == whole else {
                    Issue.record("cut at \(cut) and \(second)")
                    return
                }
            }
        }
        #expect(Self.decode(sent.map { [$0] }).message == whole.message)
    }

    /// Against the definition: split at CRLF, unstuff, stop at a lone dot.
    @Test func agreesWithTheDefinitionOnRandomInput() {
        var random = SeededRandom(seed: 20_261_121)
        let alphabet = Array("\r\n.a".utf8)
        for _ in 0..<20_000 {
            let length = Int(random.next() % 24)
            let octets = (0..<length).map { _ in alphabet[Int(random.next() % 4)] } + Array("\r\n.\r\n".utf8)
            let cut = Int(random.next() % UInt64(octets.count))
            let (message, rest) = Self.decode([Array(octets[..<cut]), Array(octets[cut...])])
            let expected = Self.definition(octets)
            #expect(message == expected.message, "\(octets)")
            #expect(rest == expected.rest, "\(octets)")
        }
    }

    @Test func withoutEndOfDataEverythingIsConsumed() {
        var decoder = DataDecoder()
        var input = ByteBuffer(string: "a\r\nb\r\n.")
        var message: [UInt8] = []
        #expect(!decoder.decode(&input) { message += Array($0) })
        #expect(input.readableBytes == 0)
        #expect(message == Array("a\r\nb\r\n".utf8))
    }

    private static func decode(_ parts: [[UInt8]]) -> (message: [UInt8], rest: [UInt8]) {
        var decoder = DataDecoder()
        var message: [UInt8] = []
        for (index, part) in parts.enumerated() {
            var input = ByteBuffer(bytes: part)
            if decoder.decode(&input, into: { message += Array($0) }) {
                return (message, Array(input.readableBytesView) + parts[(index + 1)...].flatMap { $0 })
            }
        }
        return (message, [])
    }

    private static func definition(_ octets: [UInt8]) -> (message: [UInt8], rest: [UInt8]) {
        var message: [UInt8] = []
        var line: [UInt8] = []
        for (index, octet) in octets.enumerated() {
            line.append(octet)
            guard line.suffix(2) == [13, 10] else { continue }
            if line == [46, 13, 10] { return (message, Array(octets[(index + 1)...])) }
            message += line.first == 46 ? Array(line.dropFirst()) : line
            line = []
        }
        return (message + line, [])
    }
}
