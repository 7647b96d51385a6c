public import GuerrillaMail
public import NIOCore

/// A message as Compressor leaves it in the envelope for the store behind it: delivery header and data in one stream.
///
/// ```swift
/// if let compressed = envelope[CompressedMessage.self] { try write(compressed.octets) }
/// ```
///
/// It is made once and read as often as anybody likes. Its memory counts as the message's own against
/// `max_message_memory`, and is given back when the last copy goes.
public struct CompressedMessage: Sendable, EnvelopeKey {
    /// It is its own key.
    public typealias Value = CompressedMessage

    /// The form of the stream.
    public enum Algorithm: String, Sendable, CaseIterable {
        /// The zlib format, which is not gzip's. (RFC 1950)
        case zlib
        /// A Zstandard frame. (RFC 8878)
        case zstd
    }

    /// The form of ``octets``.
    public let algorithm: Algorithm
    /// The whole stream.
    public let octets: ByteBuffer
    /// What it expands to, in octets.
    public let originalSize: Int
    private let memory: MemoryReservation?

    /// Creates a value whose memory nobody counts: for tests, and for processors of an application's own.
    public init(algorithm: Algorithm, octets: ByteBuffer, originalSize: Int) {
        self.algorithm = algorithm
        self.octets = octets
        self.originalSize = originalSize
        self.memory = nil
    }

    /// Creates a value that gives back its memory when it goes.
    package init(algorithm: Algorithm, octets: ByteBuffer, originalSize: Int, memory: MemoryReservation) {
        self.algorithm = algorithm
        self.octets = octets
        self.originalSize = originalSize
        self.memory = memory
    }
}
