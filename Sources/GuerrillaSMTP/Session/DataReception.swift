import GuerrillaMail
import NIOCore

/// The message between 354 and the end of data.
///
/// Whatever goes wrong, the octets are read to the end of data and discarded, so that the session stays in step and
/// the reply stands where the peer looks for it.
struct DataReception: Sendable {
    enum Step {
        case incomplete
        case complete(MessageData)
        /// The end of data is here; the message is not kept.
        case refused(SMTPReply)
        /// So much beyond the limit that reading on would be a service to an attacker.
        case overrun
    }

    private enum Failure {
        case tooLarge
        case outOfMemory
    }

    private let maximumSize: Int
    private let maximumRead: Int
    private var decoder = DataDecoder()
    private var builder: MessageDataBuilder?
    private let memory: MessageMemory
    private var received = 0
    private var failure: Failure?

    init(limits: SMTPSessionLimits, memory: MessageMemory) {
        self.maximumSize = limits.messageSize
        let (sum, overflow) = limits.messageSize.addingReportingOverflow(limits.dataOverrun)
        self.maximumRead = overflow ? .max : sum
        self.memory = memory
        self.builder = MessageDataBuilder(memory: memory)
    }

    mutating func receive(_ input: inout ByteBuffer) -> Step {
        var decoder = self.decoder
        let isComplete = decoder.decode(&input) { self.take($0) }
        self.decoder = decoder
        guard isComplete else {
            return self.received > self.maximumRead ? .overrun : .incomplete
        }
        switch self.failure {
        case .tooLarge:
            return .refused(.messageTooLarge(limit: self.maximumSize))
        case .outOfMemory:
            return .refused(.insufficientStorage)
        case nil:
            guard let builder = self.builder.take() else { return .refused(.localError) }
            return .complete(builder.build())
        }
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) {
        self.received += bytes.count
        guard self.failure == nil else { return }
        if self.received > self.maximumSize {
            self.fail(.tooLarge)
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
