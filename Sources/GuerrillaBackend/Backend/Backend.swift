public import GuerrillaMail

/// Takes messages and gives verdicts: usually a ``ProcessorChain``, or an application's own.
///
/// One backend serves all servers of a daemon at once. Its asynchronous functions are called on the event loop of the
/// connection that the message came from: what blocks has to go elsewhere.
public protocol Backend: Sendable {
    /// Whether ``validate(_:in:)`` has anything to say. When it has not, RCPT is answered without it.
    var validatesRecipients: Bool { get }

    /// Opens what is needed. Called before anything else, once for each start: a backend of the application's own is started again when
    /// its daemon is, after a ``shutdown(deadline:)``.
    /// - Throws: An error that says in one sentence what is wrong and what to do. Nothing stays open then.
    func start() async throws

    /// It has taken its place: messages come from now on. A backend that has started can be given up before that, when something else keeps
    /// the daemon from its start or its reload; so what it has to say about mail, it says from here on. Must not block.
    func wasPutInForce()

    /// Keeps a message. The final 250 follows this function's return, so it must have committed by then.
    ///
    /// When the verdict is late, or clients are cut off at the end of a shutdown, the calling task is cancelled: work that has not
    /// begun should be withdrawn by throwing `CancellationError`; what may have an effect already should be finished.
    ///
    /// - Throws: The client is answered 451 4.3.0, or what the error says if it is `SMTPReplyConvertible`.
    func save(_ envelope: inout Envelope) async throws -> SaveVerdict

    /// Says whether a recipient exists.
    /// - Throws: As ``save(_:)``; the recipient is refused for now.
    func validate(_ recipient: Recipient, in envelope: borrowing Envelope) async throws -> RecipientVerdict

    /// Finishes what was begun and closes what is open. Called once for each ``start()``: when no message is on its way any more, or at the
    /// deadline, and then there may be calls of ``save(_:)`` that still run; nobody waits for what they return.
    /// - Parameter deadline: When to give up waiting; it may have passed.
    func shutdown(deadline: ContinuousClock.Instant) async
}

extension Backend {
    /// Nothing to say.
    public func wasPutInForce() {}
}
