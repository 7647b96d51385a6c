#if Compression
import Foundation
import GuerrillaBackend
import GuerrillaCompression
import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Testing

@testable import GuerrillaCompression

/// What Compressor makes is read by other programs: here, by Python's zlib.
struct PythonTests {
    private static let program = """
        import sys, zlib
        stream = zlib.decompressobj()
        octets = stream.decompress(sys.stdin.buffer.read()) + stream.flush()
        assert stream.eof and not stream.unused_data
        sys.stdout.buffer.write(octets)
        """

    @Test(arguments: [1, 6, 9])
    func pythonOpensAZlibStream(level: Int) async throws {
        let text = (0..<20_000).map { "line \($0)\r\n" }.joined()
        var envelope = Envelope(
            queuedID: QueuedID(text: "7f3a09"),
            client: ClientInfo(address: nil),
            reversePath: .null,
            recipients: [],
            data: MessageData(ByteBuffer(string: text)),
            receivedAt: 0
        )
        envelope.deliveryHeader = DeliveryHeader(fields: ByteBuffer(string: "Return-Path: <>\r\n"))
        let compressed = try MessageCompression(algorithm: .zlib, level: level)
            .compress(try await StoredForm(of: envelope), memory: envelope.data.newReservation())
        let opened = try await Self.python(Self.program, input: Data(compressed.octets.readableBytesView))
        #expect(String(decoding: opened, as: UTF8.self) == "Return-Path: <>\r\n" + text)
    }

    /// Runs a program on a thread of its own. Its input comes from a file, so that neither side waits for the other.
    private static func python(_ program: String, input: Data) async throws -> Data {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("guerrilla-\(UUID().uuidString)")
        try input.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try Self.run(program, file) })
            }
        }
    }

    private static func run(_ program: String, _ input: URL) throws -> Data {
        let run = try ProgramRun(["python3", "-c", program], input: input.path, withErrors: false)
        try #require(run.status == 0)
        return Data(run.output)
    }
}
#endif
