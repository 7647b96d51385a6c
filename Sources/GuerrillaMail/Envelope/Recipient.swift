/// One accepted forward-path of an envelope.
public struct Recipient: Sendable, Hashable, CustomStringConvertible {
    /// The path as it was given in RCPT.
    public var path: ForwardPath

    /// Creates a recipient.
    public init(_ path: ForwardPath) {
        self.path = path
    }

    /// The path without angle brackets.
    public var description: String { self.path.description }

    /// The length of ``description``, or a little less: without quotes. Known without making it.
    package var textCount: Int {
        guard let mailbox = self.path.mailbox else { return 10 }
        return mailbox.localPart.utf8.count + 1 + mailbox.domain.description.utf8.count
    }

    /// Octets in memory that the recipient takes until the verdict, near enough for a budget: itself, the text that a store
    /// keeps of it, a hash.
    package var heldOctets: Int { 2 * (self.textCount + 64) + 128 + MemoryLayout<Recipient>.stride }
}

/// The value of MAIL's BODY parameter. (RFC 6152 § 3, RFC 3030 § 3)
public enum BodyType: Sendable, Hashable {
    /// `7BIT`, also when the parameter is absent.
    case sevenBit
    /// `8BITMIME`.
    case eightBitMIME
    /// `BINARYMIME`: the message need not consist of lines, and a CR or LF in it is an octet like any other.
    case binaryMIME
}
