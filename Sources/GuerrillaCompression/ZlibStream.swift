#if Compression
import CZlib

/// A stream in the zlib format. (RFC 1950) It takes 256 KiB of memory while it lasts.
final class ZlibStream: CompressionStream {
    /// Not a stored property: the library keeps the structure's address.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter level: 1 (fast) to 9 (small).
    init(level: Int) throws(CompressionError) {
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        let code = guerrilla_deflate_init(self.stream, Int32(clamping: level))
        // `deinit` runs now as well; it does nothing to a stream that was not made.
        guard code == Z_OK else { throw .library("zlib: deflateInit failed with \(code)") }
    }

    deinit {
        deflateEnd(self.stream)
        self.stream.deinitialize(count: 1)
        self.stream.deallocate()
    }

    func add(_ input: UnsafeRawBufferPointer, to output: inout CompressionOutput) throws(CompressionError) {
        var rest = input[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let left = try self.deflate(part, Z_NO_FLUSH, to: &output).left
            rest = rest.suffix(left)
        }
    }

    func finish(_ output: inout CompressionOutput) throws(CompressionError) {
        while try !self.deflate(UnsafeRawBufferPointer(start: nil, count: 0), Z_FINISH, to: &output).isAtEnd {}
    }

    /// One call of the library.
    private func deflate(
        _ input: UnsafeRawBufferPointer,
        _ flush: Int32,
        to output: inout CompressionOutput
    ) throws(CompressionError) -> (left: Int, isAtEnd: Bool) {
        let stream = self.stream
        // The library does not write here; its declaration only lacks the word `const`.
        stream.pointee.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?.assumingMemoryBound(
            to: UInt8.self
        )
        let offered = UInt32(clamping: input.count)
        stream.pointee.avail_in = offered
        var isAtEnd = false
        try output.append { memory throws(CompressionError) in
            let room = UInt32(clamping: memory.count)
            stream.pointee.next_out = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = room
            let code = CZlib.deflate(stream, flush)
            guard code == Z_OK || code == Z_STREAM_END else { throw .library("zlib: deflate failed with \(code)") }
            isAtEnd = code == Z_STREAM_END
            return Int(room - stream.pointee.avail_out)
        }
        return (input.count - Int(offered - stream.pointee.avail_in), isAtEnd)
    }
}
#endif
