#if Compression
import GuerrillaBackend
import GuerrillaMail
import NIOCore

/// An algorithm and how hard it is to try.
struct MessageCompression: Sendable {
    var algorithm: CompressedMessage.Algorithm
    /// 1 (fast) to 9 (small).
    var level: Int

    /// What an octet costs, at most, in nanoseconds.
    var nanosecondsPerOctet: Int {
        switch self.algorithm {
        case .zlib: 10 + 10 * self.level
        case .zstd: 2 + 3 * self.level
        }
    }

    /// Compresses a message as one stream.
    ///
    /// - Parameters:
    ///   - form: What is to be stored.
    ///   - memory: Is charged for what comes out, as it comes.
    ///   - checkCancellation: Is called between the pieces of the message; what it throws ends the work.
    /// - Throws: ``CompressionError``, or what `checkCancellation` throws.
    func compress(
        _ form: StoredForm,
        memory: MemoryReservation,
        checkCancellation: () throws -> Void = {}
    ) throws -> CompressedMessage {
        let size = form.size
        var output = CompressionOutput(memory: memory)
        let stream: any CompressionStream =
            switch self.algorithm {
            case .zlib: try ZlibStream(level: self.level)
            case .zstd: try ZstdStream(level: self.level, size: size)
            }
        for piece in form {
            try checkCancellation()
            try Self.add(piece, to: stream, &output)
        }
        try stream.finish(&output)
        return CompressedMessage(
            algorithm: self.algorithm,
            octets: output.octets,
            originalSize: size,
            memory: memory
        )
    }

    private static func add(
        _ piece: ByteBuffer,
        to stream: any CompressionStream,
        _ output: inout CompressionOutput
    ) throws(CompressionError) {
        var failure: CompressionError?
        piece.withUnsafeReadableBytes { octets in
            do throws(CompressionError) {
                try stream.add(octets, to: &output)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}
#endif
