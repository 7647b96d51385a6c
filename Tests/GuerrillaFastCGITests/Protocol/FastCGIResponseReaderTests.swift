import GuerrillaFastCGI
import NIOCore
import Testing

struct FastCGIResponseReaderTests {
    private typealias Record = FastCGIRecordTests
    private static let end: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]

    private func read(
        _ octets: [UInt8],
        piece: Int,
        limit: Int = 100
    ) throws(FastCGIProtocolError) -> FastCGIResponse? {
        var reader = FastCGIResponseReader(requestID: 1, maximumOutput: limit)
        var buffer = ByteBuffer()
        var rest = octets[...]
        while !rest.isEmpty {
            buffer.writeBytes(rest.prefix(piece))
            rest = rest.dropFirst(piece)
            if let response = try reader.read(&buffer) { return response }
        }
        return nil
    }

    @Test func aResponseIsTheSameHoweverItIsCut() throws {
        let octets =
            Record.octets(6, Array("Content-type: text/html\r\n".utf8), padding: 3)
            + Record.octets(7, Array("oh".utf8)) + Record.octets(10, request: 0, [1, 2, 3])
            + Record.octets(6, Array("\r\nSAVED".utf8), padding: 255) + Record.octets(6, [])
            + Record.octets(3, [0, 0, 1, 2, 0, 9, 9, 9], padding: 1)
        var expected = FastCGIResponse()
        expected.standardOutput.writeString("Content-type: text/html\r\n\r\nSAVED")
        expected.standardError.writeString("oh")
        expected.standardErrorLength = 2
        expected.applicationStatus = 258
        for piece in 1...octets.count {
            #expect(try self.read(octets, piece: piece) == expected)
        }
        for length in 0..<octets.count - 1 {
            #expect(try self.read(Array(octets.prefix(length)), piece: 7) == nil)
        }
    }

    @Test func outputIsBoundedAndStandardErrorCut() throws {
        let full = Record.octets(6, [UInt8](repeating: 0x61, count: 100))
        #expect(try self.read(full + Record.octets(3, Self.end), piece: 9)?.standardOutput.readableBytes == 100)
        #expect(throws: FastCGIProtocolError.tooLarge(limit: 100)) {
            try self.read(full + Record.octets(6, [0x61]), piece: 9)
        }
        let noise = Record.octets(7, [UInt8](repeating: 0x61, count: 1_000))
        let response = try self.read(noise + noise + noise + Record.octets(3, Self.end), piece: 100)
        #expect(response?.standardError.readableBytes == 1_024)
        #expect(response?.standardErrorLength == 3_000)
    }

    @Test(arguments: [
        (Record.octets(6, request: 2, [0x61]), FastCGIProtocolError.requestID(2)),
        (Record.octets(1, [0, 1, 0, 0, 0, 0, 0, 0]), .recordType(1)),
        (Record.octets(5, []), .recordType(5)),
        (Record.octets(3, []), .endRequest),
        (Record.octets(3, [0, 0, 0, 0, 0, 0, 0, 0, 0]), .endRequest),
        (Record.octets(3, [0, 0, 0, 0, 2, 0, 0, 0]), .notServed(2)),
        (Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), .version(0x48)),
    ])
    func whatNoServerMaySendIsAnError(_ octets: [UInt8], _ expected: FastCGIProtocolError) {
        for piece in [1, octets.count] {
            #expect(throws: expected) { try self.read(octets, piece: piece) }
        }
    }

    @Test func itKnowsWhetherTheResponseHasBegun() throws {
        var reader = FastCGIResponseReader(requestID: 1, maximumOutput: 100)
        var buffer = ByteBuffer(bytes: Record.octets(11, request: 0, Self.end))
        #expect(try reader.read(&buffer) == nil)
        #expect(!reader.hasBegun)
        buffer.writeBytes(Record.octets(7, [0x61]))
        #expect(try reader.read(&buffer) == nil)
        #expect(reader.hasBegun)
    }
}
