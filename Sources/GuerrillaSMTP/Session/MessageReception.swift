import GuerrillaMail
import NIOCore

/// A message on its way in, by DATA or by BDAT.
///
/// Whatever goes wrong, the octets are read to the end and discarded, so that the session stays in step and the reply
/// stands where the peer looks for it.
struct MessageReception: Sendable {
    private enum Failure {
        case tooLarge
        case outOfMemory
        case header(HeaderSectionCounter.Excess)
        case bareNewline
    }

    private let messageSize: Int
    private let maximumRead: Int
    private var builder: MessageDataBuilder?
    private var header: HeaderSectionCounter
    /// Nil where line endings are the sender's own business.
    private var newlines: BareNewlineDetector?
    /// Octets of the message so far, those that are not kept included.
    private(set) var received = 0
    private var failure: Failure?

    /// - Parameter isBinary: Whether the message need not consist of lines. (RFC 3030 § 3)
    init(limits: SMTPSessionLimits, memory: MessageMemory, isBinary: Bool) {
        self.messageSize = limits.messageSize
        self.maximumRead = limits.maximumRead
        self.builder = MessageDataBuilder(memory: memory)
        self.header = HeaderSectionCounter(
            maximumSize: limits.headerSize,
            maximumFields: limits.headerFields,
            maximumHops: limits.receivedHops
        )
        self.newlines = limits.refusesBareNewlines && !isBinary ? BareNewlineDetector() : nil
    }

    /// Takes message octets out of what follows DATA.
    /// - Returns: True when the end of data was among them.
    mutating func receive(_ input: inout ByteBuffer, through decoder: inout DataDecoder) -> Bool {
        decoder.decode(&input) { self.append($0) }
    }

    /// Takes message octets out of what follows BDAT.
    /// - Returns: True when the chunk is complete.
    mutating func receive(_ input: inout ByteBuffer, through decoder: inout ChunkDecoder) -> Bool {
        decoder.decode(&input) { self.append($0) }
    }

    /// So many octets will follow. A message that must become too large gives its memory back at once; none is ever
    /// reserved because of an announcement.
    ///
    /// - Returns: False when so many are not even worth reading.
    mutating func expect(_ octets: Int) -> Bool {
        let (total, overflow) = self.received.addingReportingOverflow(octets)
        guard !overflow, total <= self.maximumRead else { return false }
        if self.failure == nil, total > self.messageSize { self.fail(.tooLarge) }
        return true
    }

    /// So much beyond the limit that reading on would be a service to an attacker.
    var isOverrun: Bool { self.received > self.maximumRead }

    /// Why the message is not kept; nil while nothing speaks against it.
    var refusal: SMTPReply? {
        switch self.failure {
        case nil: nil
        case .tooLarge: .messageTooLarge(limit: self.messageSize)
        case .outOfMemory: .insufficientStorage
        case .header(.size): .headerTooLarge(limit: self.header.maximumSize)
        case .header(.fields): .tooManyHeaderFields(limit: self.header.maximumFields)
        case .header(.hops): .tooManyHops
        case .bareNewline: .bareNewline
        }
    }

    /// The end is here.
    /// - Returns: Nil if the message is not kept; `refusal` says why.
    mutating func finish() -> MessageData? {
        // Nothing has been looked at since an earlier failure, which is the reason to be told.
        if self.failure == nil, self.newlines?.endsInBareCR == true { self.fail(.bareNewline) }
        return self.builder.take()?.build()
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        self.received += bytes.count
        guard self.failure == nil else { return }
        if self.received > self.messageSize {
            self.fail(.tooLarge)
        } else if let excess = self.header.count(bytes) {
            self.fail(.header(excess))
        } else if self.newlines?.find(in: bytes) == true {
            self.fail(.bareNewline)
        } else if self.builder?.append(bytes) != true {
            self.fail(.outOfMemory)
        }
    }

    /// Gives the memory back at once; the rest of the message is only counted.
    private mutating func fail(_ failure: Failure) {
        self.failure = failure
        self.builder = nil
    }
}
