public import GuerrillaSMTP

/// What a processor chain did with a message.
///
/// A chain ends in ``discarded``; a processor that has committed the message to a store turns that into ``stored`` on
/// the way back. So the last word of the final 250 is the truth of this very message, not a property of the
/// configuration.
public enum SaveVerdict: Sendable, Equatable {
    /// Accepted, but nobody has kept it.
    case discarded
    /// Accepted and committed.
    case stored
    /// A processor's own reply. Its code, 2yz, 4yz or 5yz, says whether the message was accepted; the client reads 451 4.3.0 for any
    /// other, and for 221 and 421. An enhanced status code that does not fit the code becomes `x.0.0`.
    case reply(SMTPReply)

    /// What a processor that has committed the message returns when the rest of the chain says this: ``stored`` for ``discarded``, else
    /// the same.
    public var afterStoring: SaveVerdict { self == .discarded ? .stored : self }
}

/// What a processor chain thinks of a recipient.
public enum RecipientVerdict: Sendable, Equatable {
    /// Answered 250 2.1.5.
    case accepted
    /// No such recipient: answered 550 5.1.1 with the reason behind it.
    case rejected(reason: String)
    /// A processor's own refusal: 5yz, or 4yz for trouble of ours. The client reads 451 4.3.0 for any other code, and for 421.
    case reply(SMTPReply)
}
