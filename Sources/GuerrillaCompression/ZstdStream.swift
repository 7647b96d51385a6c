#if Compression
import CZstd

/// A Zstandard frame. (RFC 8878)
final class ZstdStream: CompressionStream {
    private let context: OpaquePointer

    /// - Parameters:
    ///   - level: 1 (fast) to 9 (small).
    ///   - size: How many octets will be added, in all. The library takes no more memory than that needs, and writes the
    ///     size into the frame.
    init(level: Int, size: Int) throws(CompressionError) {
        guard let context = ZSTD_createCCtx() else { throw .library("zstd: no memory") }
        self.context = context
        try Self.check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(clamping: level)))
        try Self.check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
        try Self.check(ZSTD_CCtx_setPledgedSrcSize(context, UInt64(clamping: size)))
    }

    deinit {
        ZSTD_freeCCtx(self.context)
    }

    func add(_ input: UnsafeRawBufferPointer, to output: inout CompressionOutput) throws(CompressionError) {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        while source.pos < source.size { try self.compress(&source, ZSTD_e_continue, to: &output) }
    }

    func finish(_ output: inout CompressionOutput) throws(CompressionError) {
        var source = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
        while try self.compress(&source, ZSTD_e_end, to: &output) > 0 {}
    }

    /// One call of the library.
    /// - Returns: How much the library still has to write, at least.
    @discardableResult
    private func compress(
        _ source: inout ZSTD_inBuffer,
        _ directive: ZSTD_EndDirective,
        to output: inout CompressionOutput
    ) throws(CompressionError) -> Int {
        var left = 0
        try output.append { memory throws(CompressionError) in
            var target = ZSTD_outBuffer(dst: memory.baseAddress, size: memory.count, pos: 0)
            left = try Self.check(ZSTD_compressStream2(self.context, &target, &source, directive))
            return target.pos
        }
        return left
    }

    @discardableResult
    private static func check(_ code: Int) throws(CompressionError) -> Int {
        guard ZSTD_isError(code) == 0 else { throw .library("zstd: \(String(cString: ZSTD_getErrorName(code)))") }
        return code
    }
}
#endif
