import NIOCore

/// The octets that all fields of a header section lie in: those of the message itself where they are contiguous, else
/// a copy.
final class HeaderOctets: Sendable {
    let buffer: ByteBuffer

    /// The message whose memory this is, or whose budget the copy is charged to: it stays charged, and out of the pool, as
    /// long as there is a field of it.
    private let message: MessageData?
    private let isCopy: Bool

    init(_ buffer: ByteBuffer, of message: MessageData? = nil, isCopy: Bool = true) {
        self.buffer = buffer
        self.message = message
        self.isCopy = isCopy
    }

    /// Octets in memory that are not the message's own.
    var copiedCount: Int { self.isCopy ? self.buffer.storageCapacity : 0 }
}
