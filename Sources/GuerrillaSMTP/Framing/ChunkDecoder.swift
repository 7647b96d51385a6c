package import NIOCore

/// Counts off the octets that a BDAT announced, whatever they are. (RFC 3030 § 2)
package struct ChunkDecoder: Sendable {
    private var remaining: Int

    /// - Parameter size: The octets announced; none may be, too.
    package init(size: Int) {
        self.remaining = max(0, size)
    }

    /// Consumes octets of the chunk.
    ///
    /// - Parameters:
    ///   - input: What has arrived; what follows the chunk is left in it.
    ///   - sink: Called with the octets, at most once; they are valid during the call.
    /// - Returns: True when the chunk is complete.
    package mutating func decode(_ input: inout ByteBuffer, into sink: (UnsafeRawBufferPointer) -> Void) -> Bool {
        let count = min(self.remaining, input.readableBytes)
        if count > 0 {
            input.withUnsafeReadableBytes { sink(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
            input.moveReaderIndex(forwardBy: count)
            self.remaining -= count
        }
        return self.remaining == 0
    }
}
