/// A message on its way through the processor chain: the envelope of RFC 5321 § 2.3.1 and what processors found out.
public struct Envelope: Sendable {
    /// The id given in the final 250. A store that names messages by their content may set its own.
    public var queuedID: QueuedID
    /// The peer that sent the message.
    public var client: ClientInfo
    /// MAIL's argument; null for bounces.
    public var reversePath: ReversePath
    /// The accepted recipients, in the order of RCPT. While a recipient is being validated, those accepted before it.
    public var recipients: [Recipient]
    /// MAIL's BODY parameter.
    public var bodyType: BodyType
    /// Whether MAIL asked for SMTPUTF8: addresses and header fields may hold UTF-8. (RFC 6531)
    public var isSMTPUTF8: Bool
    /// The message's octets. Empty while a recipient is being validated.
    public var data: MessageData
    /// When the end of data arrived, in microseconds since 1970. While a recipient is being validated, when RCPT did.
    public var receivedAt: Int64

    /// The parsed header section; set by HeadersParser.
    public var header: HeaderSection?
    /// The Subject field with its encoded-words decoded; set by HeadersParser.
    public var subject: String?
    /// What is to stand before the message when it is stored; set by Header.
    public var deliveryHeader: DeliveryHeader?
    /// One hash per recipient; set by Hasher.
    public var hashes: [String] = []
    private var values = EnvelopeValues()

    /// Creates an envelope as a processor chain receives it.
    public init(
        queuedID: QueuedID,
        client: ClientInfo,
        reversePath: ReversePath,
        recipients: [Recipient],
        bodyType: BodyType = .sevenBit,
        isSMTPUTF8: Bool = false,
        data: MessageData,
        receivedAt: Int64
    ) {
        self.queuedID = queuedID
        self.client = client
        self.reversePath = reversePath
        self.recipients = recipients
        self.bodyType = bodyType
        self.isSMTPUTF8 = isSMTPUTF8
        self.data = data
        self.receivedAt = receivedAt
    }

    /// The protocol's name for the Received field. (RFC 3848, RFC 6531 § 4.3)
    public var protocolName: String {
        guard self.isSMTPUTF8 else { return self.client.protocolName }
        return self.client.tls == nil ? "UTF8SMTP" : "UTF8SMTPS"
    }

    /// A value that one processor leaves for another.
    public subscript<Key: EnvelopeKey>(_ key: Key.Type) -> Key.Value? {
        get { self.values[key] }
        set { self.values[key] = newValue }
    }
}
