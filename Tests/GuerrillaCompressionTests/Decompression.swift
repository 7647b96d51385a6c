#if Compression
import CZlib
import CZstd
import GuerrillaBackend
import NIOCore
import Testing

/// The octets of a stream, by the libraries' own functions.
func decompressed(_ message: CompressedMessage) throws -> [UInt8] {
    let source = Array(message.octets.readableBytesView)
    // One more than there should be, so that too much would show.
    var target = [UInt8](repeating: 0, count: message.originalSize + 1)
    switch message.algorithm {
    case .zlib:
        var length = UInt(target.count)
        try #require(uncompress(&target, &length, source, UInt(source.count)) == Z_OK)
        return Array(target.prefix(Int(length)))
    case .zstd:
        let length = ZSTD_decompress(&target, target.count, source, source.count)
        try #require(ZSTD_isError(length) == 0)
        return Array(target.prefix(length))
    }
}
#endif
