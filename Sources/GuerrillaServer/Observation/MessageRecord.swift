public import GuerrillaMail
public import GuerrillaSMTP

/// What the log says about one message; formatted elsewhere, off the event loops.
public struct MessageRecord: Sendable {
    /// What became of the message.
    public enum Outcome: String, Sendable {
        /// Committed before the reply.
        case stored
        /// Accepted by a chain that keeps nothing.
        case discarded
        /// Accepted, or refused for good, by a processor's own reply.
        case replied
        /// Refused for now by a processor's own reply: the client will send it again.
        case deferred
        /// A processor threw.
        case failed
        /// No verdict in time: the client was answered 451.
        case timedOut = "timed out"
        /// The client left before its verdict, and nothing was stored: it will send the message again.
        case abandoned
        /// Committed after the client was answered 451: it will send the message again.
        case committedLate = "committed late"
        /// Failed after the client was answered 451.
        case failedLate = "failed late"
    }

    /// The id in the final 250.
    public var queuedID: QueuedID
    /// The peer.
    public var client: ClientInfo
    /// MAIL's argument.
    public var reversePath: ReversePath
    /// The accepted recipients.
    public var recipients: [Recipient]
    /// The message in octets.
    public var size: Int
    /// What became of it.
    public var outcome: Outcome
    /// The reply that was sent, or would have been if the peer had stayed.
    public var reply: SMTPReply
    /// From the end of data to the verdict.
    public var duration: Duration
    /// When the end of data arrived, in microseconds since 1970.
    public var receivedAt: Int64
}
