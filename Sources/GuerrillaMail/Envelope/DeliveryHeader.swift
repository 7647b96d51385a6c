public import NIOCore

/// The fields that a final delivery puts before a message, kept apart so that the body is never copied for them.
/// (RFC 5321 § 4.4)
public struct DeliveryHeader: Sendable, Equatable {
    private let fields: ByteBuffer

    /// - Parameter fields: `Return-Path` and `Received`, each ended by CRLF.
    public init(fields: ByteBuffer) {
        self.fields = fields
    }

    /// The octets to put before the message.
    ///
    /// - Parameter recipient: For a store that keeps one copy per recipient: adds that copy's `Delivered-To` in front.
    ///   Nil for a store that keeps one copy for all.
    public func octets(for recipient: Recipient? = nil) -> ByteBuffer {
        guard let recipient else { return self.fields }
        var buffer = ByteBuffer()
        buffer.writeString("Delivered-To: ")
        buffer.writeString(recipient.description)
        buffer.writeString("\r\n")
        buffer.writeImmutableBuffer(self.fields)
        return buffer
    }
}
