import GuerrillaFastCGI
import NIOCore
import Testing

struct FastCGIRecordTests {
    /// A record as a server sends it, with padding of ones so that none of it passes for content.
    static func octets(_ type: UInt8, request: UInt16 = 1, _ content: [UInt8], padding: UInt8 = 0) -> [UInt8] {
        [
            1, type, UInt8(request >> 8), UInt8(request & 255), UInt8(content.count >> 8), UInt8(content.count & 255),
            padding, 0,
        ] + content + [UInt8](repeating: 0xFF, count: Int(padding))
    }

    @Test(arguments: [0, 1, 7, 255] as [UInt8], [0, 1, 65_535])
    func recordsAreDecodedWhateverTheirPadding(_ padding: UInt8, _ length: Int) throws {
        let content = [UInt8](repeating: 0x41, count: length)
        var buffer = ByteBuffer(bytes: Self.octets(6, request: 300, content, padding: padding) + [1])
        let record = try FastCGIRecord.decode(&buffer)
        #expect(record == FastCGIRecord(.standardOutput, requestID: 300, content: ByteBuffer(bytes: content)))
        #expect(buffer.readableBytes == 1)
        #expect(try FastCGIRecord.decode(&buffer) == nil)
    }

    @Test func nothingIsTakenBeforeARecordIsComplete() throws {
        let octets = Self.octets(6, Array("abc".utf8), padding: 5)
        for length in 0..<octets.count {
            var buffer = ByteBuffer(bytes: octets.prefix(length))
            #expect(try FastCGIRecord.decode(&buffer) == nil)
            #expect(buffer.readableBytes == length)
        }
    }

    @Test func whatIsNoFastCGIIsKnownByItsFirstOctets() {
        #expect(throws: FastCGIProtocolError.version(0x48)) {
            var buffer = ByteBuffer(string: "H")
            return try FastCGIRecord.decode(&buffer)
        }
        #expect(throws: FastCGIProtocolError.recordType(99)) {
            var buffer = ByteBuffer(bytes: [1, 99])
            return try FastCGIRecord.decode(&buffer)
        }
    }
}
