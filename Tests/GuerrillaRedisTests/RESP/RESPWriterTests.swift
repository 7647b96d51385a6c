import GuerrillaRedis
import NIOCore
import Testing

struct RESPWriterTests {
    @Test func commandsStandBehindEachOther() {
        var writer = RESPWriter()
        writer.command("PING")
        writer.setex(
            key: "k",
            seconds: 60,
            payload: [ByteBuffer(string: "a\r\n"), ByteBuffer(), ByteBuffer(string: "ü")]
        )
        writer.command("WAIT", "1", "1000")
        #expect(writer.commandCount == 3)
        #expect(
            writer.buffers.map { String(buffer: $0) } == [
                "*1\r\n$4\r\nPING\r\n*4\r\n$5\r\nSETEX\r\n$1\r\nk\r\n$2\r\n60\r\n$5\r\na\r\nü\r\n*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$4\r\n1000\r\n"
            ]
        )
    }

    @Test func largePiecesAreNotCopied() {
        let large = ByteBuffer(repeating: UInt8(ascii: "x"), count: 100_000)
        var writer = RESPWriter()
        writer.setex(key: "k", seconds: 1, payload: [ByteBuffer(string: "h"), large])
        writer.command("PING")
        let buffers = writer.buffers
        #expect(buffers.count == 3)
        #expect(buffers[1] == large)
        let address = large.withUnsafeReadableBytes { $0.baseAddress }
        #expect(buffers[1].withUnsafeReadableBytes { $0.baseAddress } == address)
        #expect(String(buffer: buffers[0]).hasSuffix("$100001\r\nh"))
        #expect(String(buffer: buffers[2]) == "\r\n*1\r\n$4\r\nPING\r\n")
    }
}
