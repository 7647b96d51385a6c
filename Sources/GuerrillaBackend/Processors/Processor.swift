public import GuerrillaMail

/// One link of a processor chain.
///
/// One instance serves all messages of its chain at the same time and is re-entered at every `await`: state that
/// changes belongs behind a `Mutex`, into an actor or into a client pool. Functions run on the connection's event
/// loop; what blocks, or computes for long, must go elsewhere. None of them may wait for the daemon's shutdown, which
/// waits for the messages in hand.
///
/// A processor is a decorator: what it does before calling `next` happens on the way in, what it does after, on the
/// way back.
///
/// ```swift
/// struct Stamp: Processor {
///     static let capabilities: ProcessorCapabilities = [.saves]
///
///     func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
///         envelope.hashes.append("…")
///         return try await next(&envelope)
///     }
/// }
/// ```
public protocol Processor: Sendable {
    /// What this type does; the chain skips what it does not do.
    static var capabilities: ProcessorCapabilities { get }

    /// Handles a message.
    /// - Returns: Usually what `next` returned; after a commit of its own, that with ``SaveVerdict/afterStoring``.
    /// - Throws: Anything: the client is answered 451 4.3.0 and keeps the message. An error that is
    ///   ``GuerrillaSMTP/SMTPReplyConvertible`` chooses the reply itself, a refusal of 4yz or 5yz.
    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict

    /// Judges a recipient.
    /// - Returns: Usually what `next` returned, or a refusal.
    /// - Throws: Anything: the recipient is refused with 451 4.3.0, or with what the error says if it is
    ///   ``GuerrillaSMTP/SMTPReplyConvertible``.
    func validate(
        _ recipient: Recipient,
        in envelope: borrowing Envelope,
        next: ValidateNext
    ) async throws -> RecipientVerdict

    /// Opens files and connections. Called once, in the order of the chain: another start of the daemon makes another instance.
    /// - Throws: An error that says in one sentence what is wrong; the processor's name is put in front of it.
    func start() async throws

    /// The chain has taken its place: messages come from now on. Not called where the daemon's start, or the reload, is given up after
    /// ``start()``; so what there is to say about mail that has to wait is said from here on. Must not block.
    func wasPutInForce()

    /// Tries the connections that it will need, and closes them again: for `guerrillad check --connect`. Called without ``start()``.
    /// - Throws: An error that says in one sentence what does not answer, and why.
    func checkConnection() async throws

    /// Closes them. Called once, in reverse order, when no message is on its way any more, or at the deadline, and then messages may still
    /// be in ``save(_:next:)``.
    func shutdown(deadline: ContinuousClock.Instant) async
}

extension Processor {
    /// Passes the message on.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        try await next(&envelope)
    }

    /// Passes the question on.
    public func validate(
        _ recipient: Recipient,
        in envelope: borrowing Envelope,
        next: ValidateNext
    ) async throws -> RecipientVerdict {
        try await next(recipient, in: envelope)
    }

    /// Nothing to open.
    public func start() async throws {}

    /// Nothing to say.
    public func wasPutInForce() {}

    /// Nothing to try.
    public func checkConnection() async throws {}

    /// Nothing to close.
    public func shutdown(deadline: ContinuousClock.Instant) async {}
}

/// What a processor does.
public struct ProcessorCapabilities: OptionSet, Sendable {
    /// The set as bits.
    public let rawValue: UInt8

    /// Creates a set from its bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// It handles messages.
    public static let saves = ProcessorCapabilities(rawValue: 1)
    /// It judges recipients.
    public static let validates = ProcessorCapabilities(rawValue: 2)
    /// It keeps messages: a chain without such a processor accepts and discards.
    public static let stores = ProcessorCapabilities(rawValue: 4)
}

/// The rest of a chain, for a message. To be called at most once.
public struct SaveNext: Sendable {
    private let processors: [any Processor]
    private let index: Int

    package init(_ processors: [any Processor], index: Int = 0) {
        self.processors = processors
        self.index = index
    }

    /// Hands the message to the next processor; at the end of the chain it counts as discarded.
    public func callAsFunction(_ envelope: inout Envelope) async throws -> SaveVerdict {
        guard self.index < self.processors.count else { return .discarded }
        return try await self.processors[self.index].save(
            &envelope,
            next: SaveNext(self.processors, index: self.index + 1)
        )
    }
}

/// The rest of a chain, for a recipient. To be called at most once.
public struct ValidateNext: Sendable {
    private let processors: [any Processor]
    private let index: Int

    package init(_ processors: [any Processor], index: Int = 0) {
        self.processors = processors
        self.index = index
    }

    /// Asks the next processor; at the end of the chain the recipient is accepted.
    public func callAsFunction(
        _ recipient: Recipient,
        in envelope: borrowing Envelope
    ) async throws -> RecipientVerdict {
        guard self.index < self.processors.count else { return .accepted }
        return try await self.processors[self.index].validate(
            recipient,
            in: envelope,
            next: ValidateNext(self.processors, index: self.index + 1)
        )
    }
}
