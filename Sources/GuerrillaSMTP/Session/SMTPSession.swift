package import GuerrillaMail
package import NIOCore

/// One SMTP session, without its connection: octets and verdicts in, actions out. (RFC 5321 § 3)
///
/// ```
///            next(&input)                 ┌── recipientVerdict(_:)
///  ready ───────────────────► validating ─┘          ▲
///    │ ▲                          RCPT               │ the connection asks
///    │ └─────────────────────────────────────────────┘ hosts and backend
///    │ DATA, 354                                 messageVerdict(_:) ──► ready
///    └──────────► receivingData ── CRLF.CRLF ──► delivering
/// ```
///
/// `next(_:)` is called until it returns nil: it takes as much of the input as the present state can use. While a
/// verdict is pending it takes nothing, so pipelined commands wait where they are. (RFC 2920 § 3.2)
///
/// Not copyable: there is one of a kind, and reading a property through its owner does not copy (and count the references
/// of) a dozen fields: 4 % of a pipelined message's time.
package struct SMTPSession: ~Copyable, Sendable {
    enum State {
        /// Waiting for a command line.
        case ready
        case validating(Recipient)
        /// The octets after DATA, up to the end of data, are the message's.
        case receivingData
        /// The octets that a BDAT announced are the message's.
        case receivingChunk(Chunk)
        case delivering
        /// Not an octet is taken before TLS is there.
        case startingTLS
        case closed
    }

    let hostName: String
    let limits: SMTPSessionLimits
    private let memory: MessageMemory
    let xclient: XCLIENTAccess
    var tls: TLSAccess

    var state = State.ready
    /// The message that is arriving: not nil in `receivingData`, and from the first accepted BDAT to the last. Apart from
    /// the state so that it is written in place.
    var reception: MessageReception?
    private var dataDecoder = DataDecoder()
    private var chunkDecoder = ChunkDecoder(size: 0)
    /// Octets of refused chunks since the last message.
    private var discardedOctets = 0
    private var lineDecoder: CommandLineDecoder
    private var badCommands = 0
    /// Commands since the last message that brought the peer no nearer to the next one.
    private var idleCommands = 0
    /// Whether nothing has been taken for a command yet.
    private var isUntouched = true
    private var messages = 0
    private var isShuttingDown = false

    /// What the session knows of its peer; HELO and EHLO add to it.
    package internal(set) var client: ClientInfo
    /// Nil outside MAIL … end of data.
    package internal(set) var transaction: MailTransaction?
    private var recipientMemory: RecipientMemory
    /// Messages that began to arrive; a refused chunk is one by itself.
    private var messageNumber = 0

    package init(
        client: ClientInfo,
        limits: SMTPSessionLimits,
        memory: MessageMemory,
        tls: TLSAccess = .unavailable,
        xclient: XCLIENTAccess = .off
    ) {
        self.client = client
        self.hostName = client.serverName
        self.limits = limits
        self.memory = memory
        self.recipientMemory = RecipientMemory(budget: memory.budget)
        self.tls = tls
        self.xclient = xclient
        self.lineDecoder = CommandLineDecoder(maximumLength: limits.commandLine)
    }

    /// What the session is waiting for.
    package var waitingFor: SMTPWait {
        switch self.state {
        case .ready, .startingTLS: .command
        case .receivingData, .receivingChunk: .data
        case .validating, .delivering: .verdict
        case .closed: .nothing
        }
    }

    /// The recipient that ``recipientVerdict(_:)`` is waited for; nil when there is none.
    package var recipientInQuestion: Recipient? {
        if case .validating(let recipient) = self.state { recipient } else { nil }
    }

    /// Which message is arriving, the time between its chunks included; nil when none is. Tells the clocks when one begins
    /// and ends.
    package var arrivingMessage: Int? {
        switch self.state {
        case .receivingData, .receivingChunk: self.messageNumber
        case .ready: self.reception == nil ? nil : self.messageNumber
        case .validating, .delivering, .startingTLS, .closed: nil
        }
    }

    /// How much of a message is here that has not reached its end; nil when none is on its way.
    package var arrivingOctets: Int? { self.reception?.received }

    // MARK: Events

    /// Octets have arrived, or the last action is done: takes the next step that `input` allows.
    ///
    /// - Parameter input: What the peer sent and nobody has used yet.
    /// - Returns: Nil when more octets or a verdict are needed first.
    package mutating func next(_ input: inout ByteBuffer) -> SMTPAction? {
        switch self.state {
        case .ready:
            // Between two chunks a message is in hand.
            if self.isShuttingDown, self.reception == nil { return self.close(with: .shuttingDown) }
            if self.isUntouched, ForeignProtocol.isTLS(input) { return self.close(with: .foreignProtocol) }
            guard let line = self.lineDecoder.next(&input) else { return nil }
            self.isUntouched = false
            self.idleCommands += 1
            guard self.idleCommands <= self.limits.idleCommands else { return self.close(with: .tooManyIdleCommands) }
            // A BDAT is answered when its octets are here, which may be at once.
            let action = self.lineReceived(line) ?? self.chunkReceived(&input)
            // What came in clear text behind STARTTLS may come from somebody else. (RFC 3207 § 6, CVE-2011-0411)
            if case .startTLS = action, input.readableBytes > 0 { return self.close(with: .startTLSNotLast) }
            return action
        case .receivingData:
            return self.dataReceived(&input)
        case .receivingChunk:
            return self.chunkReceived(&input)
        case .validating, .delivering, .startingTLS, .closed:
            return nil
        }
    }

    /// The verdict on the recipient of the last ``SMTPAction/validate(_:)``.
    package mutating func recipientVerdict(_ decision: RecipientDecision) -> SMTPAction? {
        guard case .validating(let recipient) = self.state else { return nil }
        self.state = .ready
        switch decision {
        case .accepted:
            guard self.recipientMemory.add(recipient) else { return .reply(.insufficientStorage) }
            self.transaction?.recipients.append(recipient)
            self.commandWasOfUse()
            return .reply(.recipientOK)
        case .relayDenied:
            return .reply(.relayDenied(host: recipient.domainText))
        case .refused(let reply):
            return .reply(reply)
        }
    }

    /// The verdict on the message of the last ``SMTPAction/deliver(_:)``.
    package mutating func messageVerdict(_ reply: SMTPReply) -> SMTPAction? {
        guard case .delivering = self.state else { return nil }
        self.state = .ready
        if reply.code.kind == .positiveCompletion {
            self.badCommands = 0
            self.idleCommands = 0
            self.discardedOctets = 0
        }
        return .reply(reply)
    }

    /// The peer was silent for as long as it may be.
    package mutating func timedOut() -> SMTPAction {
        self.close(with: .timedOut)
    }

    /// The octets of a message arrive too slowly.
    package mutating func dataTooSlow() -> SMTPAction {
        self.close(with: .dataTooSlow)
    }

    /// The session has lasted for as long as it may.
    package mutating func sessionTimedOut() -> SMTPAction {
        self.close(with: .sessionTooLong)
    }

    /// The server stops: a message in hand may be finished, everybody else is told to come back.
    package mutating func shutDown() -> SMTPAction? {
        self.isShuttingDown = true
        if case .ready = self.state, self.reception == nil { return self.close(with: .shuttingDown) }
        return nil
    }

    /// The connection is gone; what was being received is dropped.
    package mutating func connectionClosed() {
        self.state = .closed
        self.resetTransaction()
    }

    // MARK: Steps

    /// Nothing is left of what was agreed, nor of what has arrived for it.
    mutating func resetTransaction() {
        self.transaction = nil
        self.reception = nil
        self.recipientMemory = RecipientMemory(budget: self.memory.budget)
    }

    /// Ends the session with a last reply.
    mutating func close(with reply: SMTPReply) -> SMTPAction {
        self.connectionClosed()
        return .replyAndClose(reply)
    }

    /// Answers something that was no proper command, and ends the session when there were too many. (design: abuse
    /// counters start again with every accepted message, so that long sessions of honest senders are not cut.)
    mutating func refuseBadCommand(_ reply: SMTPReply) -> SMTPAction {
        self.badCommands += 1
        guard self.badCommands < self.limits.badCommands else { return self.close(with: .tooManyBadCommands) }
        return .reply(reply)
    }

    /// An accepted MAIL, RCPT or DATA is not idle: `max_messages_per_session` and `max_recipients` bound these.
    private mutating func commandWasOfUse() {
        self.idleCommands -= 1
    }

    /// The connection has become another client's: what has been said and counted so far was not said by that one.
    mutating func beginAnew(with client: ClientInfo) -> SMTPAction {
        self.client = client
        self.resetTransaction()
        self.badCommands = 0
        self.idleCommands = 0
        self.discardedOctets = 0
        self.messages = 0
        return .greet
    }

    mutating func validate(_ recipient: Recipient) -> SMTPAction {
        self.state = .validating(recipient)
        return .validate(recipient)
    }

    /// Counts a new transaction; nil when the session has had its share.
    mutating func beginTransaction(_ transaction: MailTransaction) -> SMTPAction {
        guard self.messages < self.limits.messages else { return self.close(with: .tooManyMessages) }
        self.messages += 1
        self.commandWasOfUse()
        self.transaction = transaction
        return .reply(.ok)
    }

    var isStorageExhausted: Bool { self.memory.isExhausted }

    // MARK: The message

    mutating func beginReception(of transaction: MailTransaction) {
        self.reception = MessageReception(
            limits: self.limits,
            memory: self.memory,
            isBinary: transaction.bodyType == .binaryMIME
        )
        self.messageNumber &+= 1
    }

    mutating func beginData(of transaction: MailTransaction) -> SMTPAction {
        self.commandWasOfUse()
        self.beginReception(of: transaction)
        self.dataDecoder = DataDecoder()
        self.state = .receivingData
        return .reply(.startMailInput)
    }

    /// The octets of a chunk follow, for the message or, when it is refused, for nobody.
    ///
    /// - Returns: The action that ends the session, if so many octets are not worth reading.
    mutating func beginChunk(_ chunk: Chunk) -> SMTPAction? {
        if let refusal = chunk.refusal {
            let (sum, overflow) = self.discardedOctets.addingReportingOverflow(chunk.size)
            guard !overflow, sum <= self.limits.maximumRead else { return self.close(with: refusal) }
            self.discardedOctets = sum
            self.messageNumber &+= 1
        } else if self.reception?.expect(chunk.size) != true {
            return self.close(with: .messageTooLarge(limit: self.limits.messageSize))
        }
        self.chunkDecoder = ChunkDecoder(size: chunk.size)
        self.state = .receivingChunk(chunk)
        return nil
    }

    private mutating func dataReceived(_ input: inout ByteBuffer) -> SMTPAction? {
        if self.reception?.receive(&input, through: &self.dataDecoder) == true { return self.endOfMessage() }
        return self.reception?.isOverrun == true
            ? self.close(with: .messageTooLarge(limit: self.limits.messageSize)) : nil
    }

    private mutating func chunkReceived(_ input: inout ByteBuffer) -> SMTPAction? {
        guard case .receivingChunk(let chunk) = self.state else { return nil }
        if let refusal = chunk.refusal {
            guard self.chunkDecoder.decode(&input, into: { _ in }) else { return nil }
            self.state = .ready
            self.resetTransaction()
            return chunk.isBadCommand ? self.refuseBadCommand(refusal) : .reply(refusal)
        }
        guard self.reception?.receive(&input, through: &self.chunkDecoder) == true else { return nil }
        if chunk.isLast { return self.endOfMessage() }
        self.state = .ready
        if let refusal = self.reception?.refusal {
            let transaction = self.transaction
            self.resetTransaction()
            return .refuseMessage(refusal, of: transaction)
        }
        if chunk.size > 0 { self.commandWasOfUse() }
        return .reply(.chunkReceived(octets: chunk.size))
    }

    private mutating func endOfMessage() -> SMTPAction {
        let data = self.reception?.finish()
        let refusal = self.reception?.refusal
        // The envelope has the recipients from now on, as long as it has the message.
        if let recipients = self.recipientMemory.reservation { data?.takeOver(recipients) }
        let transaction = self.transaction
        self.resetTransaction()
        self.state = .ready
        guard let data, let transaction else { return .refuseMessage(refusal ?? .localError, of: transaction) }
        self.state = .delivering
        return .deliver(CompletedTransaction(transaction, data: data))
    }
}

extension Recipient {
    /// The domain as it is named in a refusal.
    fileprivate var domainText: String {
        switch self.path {
        case .postmaster: ""
        case .mailbox(let mailbox): mailbox.domain.asciiDescription
        }
    }
}
