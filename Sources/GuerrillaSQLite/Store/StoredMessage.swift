#if SQLite
public import GuerrillaMail
public import NIOCore

/// One message as ``SQLiteMessageStore`` keeps it: the envelope, what is known about the client, and the octets.
public struct StoredMessage: Sendable {
    /// The id given to the client in the final 250. Unique in the store.
    public var queuedID: String
    /// When the message was received, in microseconds since 1970-01-01 00:00 UTC.
    public var receivedAtMicroseconds: Int64
    /// The client's address, without port.
    public var clientAddress: String
    /// The client's port.
    public var clientPort: UInt16
    /// The argument of HELO, EHLO or LHLO.
    public var helo: String
    /// The value of `with` in the Received header field: `SMTP`, `ESMTP`, `ESMTPS` (RFC 3848).
    public var transmissionType: String
    /// The TLS version, such as `TLSv1.3`; `nil` without TLS.
    public var tls: String?
    /// The reverse-path without angle brackets; empty for the null reverse-path.
    public var reversePath: String
    /// The forward-paths without angle brackets, in the order of the RCPT commands.
    public var recipients: [String]
    /// The decoded subject, if the header section has one and it was parsed.
    public var subject: String?
    /// The header fields in order, if the header section was parsed.
    public var headers: HeaderSection?
    /// The header fields added on delivery, each with its line ending. Exported in front of ``data``.
    public var deliveryHeader: ByteBuffer
    /// The octets of the message, in one or more pieces.
    public var data: [ByteBuffer]

    /// Makes a message; the parts that processors may not have set are empty.
    public init(
        queuedID: String,
        receivedAtMicroseconds: Int64,
        clientAddress: String = "",
        clientPort: UInt16 = 0,
        helo: String = "",
        transmissionType: String = "",
        tls: String? = nil,
        reversePath: String,
        recipients: [String],
        subject: String? = nil,
        headers: HeaderSection? = nil,
        deliveryHeader: ByteBuffer = ByteBuffer(),
        data: [ByteBuffer]
    ) {
        self.queuedID = queuedID
        self.receivedAtMicroseconds = receivedAtMicroseconds
        self.clientAddress = clientAddress
        self.clientPort = clientPort
        self.helo = helo
        self.transmissionType = transmissionType
        self.tls = tls
        self.reversePath = reversePath
        self.recipients = recipients
        self.subject = subject
        self.headers = headers
        self.deliveryHeader = deliveryHeader
        self.data = data
    }

    /// Octets of the message, without the delivery header.
    public var size: Int {
        self.data.reduce(0) { $0 &+ $1.readableBytes }
    }

    /// Octets this message takes in memory, near enough for the limits of a queue; what its header fields become in the
    /// database included.
    public var octets: Int {
        let header = self.headers.map { $0.heldOctets &+ $0.octetCount } ?? 0
        let recipients = self.recipients.reduce(0) { $0 &+ $1.utf8.count &+ 64 }
        return self.size &+ self.deliveryHeader.readableBytes &+ header &+ (self.subject?.utf8.count ?? 0) &+ recipients
    }
}
#endif
