import NIOCore

/// The octets that all fields of a header section lie in: those of the message itself where they are contiguous, else
/// a copy.
final class HeaderOctets: Sendable {
    let buffer: ByteBuffer

    /// The message whose memory is shared: it stays charged, and out of the pool, as long as there is a field of it.
    private let message: MessageData?

    init(_ buffer: ByteBuffer, sharedWith message: MessageData? = nil) {
        self.buffer = buffer
        self.message = message
    }

    /// Octets in memory that are not the message's own.
    var copiedCount: Int { self.message == nil ? self.buffer.storageCapacity : 0 }
}
