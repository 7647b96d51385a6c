import NIOCore
import Testing

@testable import GuerrillaSMTP

struct CommandLineDecoderTests {
    private func lines(_ text: String, maximumLength: Int = 20, chunk: Int = .max) -> [String] {
        var decoder = CommandLineDecoder(maximumLength: maximumLength)
        var input = ByteBuffer()
        var result: [String] = []
        var rest = Array(text.utf8)[...]
        repeat {
            input.writeBytes(rest.prefix(chunk))
            rest = rest.dropFirst(chunk)
            while let line = decoder.next(&input) {
                switch line {
                case .complete(let octets): result.append(String(buffer: octets))
                case .bareLF: result.append("<LF>")
                case .tooLong: result.append("<long>")
                case .endless:
                    result.append("<endless>")
                    return result
                }
            }
            #expect(input.readableBytes < maximumLength)
        } while !rest.isEmpty
        return result
    }

    @Test(arguments: [1, 2, 3, .max])
    func linesEndInCRLF(chunk: Int) {
        #expect(self.lines("NOOP\r\nQUIT\r\n\r\nx", chunk: chunk) == ["NOOP", "QUIT", ""])
    }

    @Test(arguments: [1, 2, 3, .max])
    func bareLFEndsALineThatIsNotOne(chunk: Int) {
        #expect(self.lines("NOOP\nQUIT\r\n\n", chunk: chunk) == ["<LF>", "QUIT", "<LF>"])
    }

    @Test(arguments: [1, 7, .max])
    func longLinesAreSwallowed(chunk: Int) {
        let long = String(repeating: "x", count: 19)
        #expect(self.lines("\(long)\r\nQUIT\r\n", chunk: chunk) == ["<long>", "QUIT"])
        #expect(self.lines("\(long.dropLast())\r\nQUIT\r\n", chunk: chunk) == [String(long.dropLast()), "QUIT"])
        #expect(self.lines(String(repeating: "y", count: 5_000) + "\nQUIT\r\n", chunk: chunk) == ["<long>", "QUIT"])
    }

    @Test(arguments: [1_000, .max])
    func linesWithoutEndAreGivenUp(chunk: Int) {
        let longest = String(repeating: "x", count: 20 + CommandLineDecoder.maximumOverrun - 2)
        #expect(self.lines("\(longest)\r\nQUIT\r\n", chunk: chunk) == ["<long>", "QUIT"])
        #expect(self.lines("\(longest)x\r\nQUIT\r\n", chunk: chunk) == ["<endless>"])
        #expect(self.lines("\(longest)xxx", chunk: chunk) == ["<endless>"])
        #expect(self.lines("\(longest)\r\n\(longest)\r\nQUIT\r\n", chunk: chunk) == ["<long>", "<long>", "QUIT"])
    }

    @Test func carriageReturnInsideALineIsKept() {
        #expect(self.lines("a\rb\r\n") == ["a\rb"])
    }
}
