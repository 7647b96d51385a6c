import GuerrillaFastCGI
import NIOCore
import Testing

struct FastCGIRequestWriterTests {
    private func records(_ buffer: ByteBuffer) throws -> [FastCGIRecord] {
        var buffer = buffer
        var records: [FastCGIRecord] = []
        while let record = try FastCGIRecord.decode(&buffer) { records.append(record) }
        #expect(buffer.readableBytes == 0)
        return records
    }

    @Test(arguments: [true, false])
    func theHeadIsBeginRequestAndParameters(_ keeps: Bool) throws {
        var buffer = ByteBuffer()
        let long = String(repeating: "v", count: 128)
        FastCGIRequestWriter().writeHead(
            parameters: [("A", "b"), ("LONG", long), ("EMPTY", "")],
            keepsConnection: keeps,
            into: &buffer
        )
        let records = try self.records(buffer)
        #expect(records.map(\.kind) == [.beginRequest, .parameters, .parameters])
        #expect(records.allSatisfy { $0.requestID == 1 })
        #expect(Array(records[0].content.readableBytesView) == [0, 1, keeps ? 1 : 0, 0, 0, 0, 0, 0])
        let pairs =
            [1, 1] + Array("Ab".utf8) + [4, 0x80, 0, 0, 128] + Array("LONG\(long)".utf8) + [5, 0] + Array("EMPTY".utf8)
        #expect(Array(records[1].content.readableBytesView) == pairs)
        #expect(records[2].content.readableBytes == 0)
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 200_000])
    func standardInputIsCutIntoRecords(_ length: Int) throws {
        var buffer = ByteBuffer()
        var input = ByteBuffer(repeating: 0x41, count: length)
        let writer = FastCGIRequestWriter()
        writer.writeStandardInput(&input, into: &buffer)
        writer.writeEnd(of: .standardInput, into: &buffer)
        let records = try self.records(buffer)
        #expect(records.allSatisfy { $0.kind == .standardInput })
        #expect(records.dropLast().allSatisfy { $0.content.readableBytes > 0 })
        #expect(records.last?.content.readableBytes == 0)
        #expect(records.reduce(0) { $0 + $1.content.readableBytes } == length)
    }
}
