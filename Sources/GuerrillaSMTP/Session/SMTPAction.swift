package import GuerrillaMail

/// What the connection has to do for the session: a plain value, so that a test is one comparison per step.
package enum SMTPAction: Equatable, Sendable {
    /// Send this.
    case reply(SMTPReply)
    /// Send this: the message that has arrived is not kept.
    case refuseMessage(SMTPReply, of: MailTransaction?)
    /// Send this and close the connection.
    case replyAndClose(SMTPReply)
    /// The client is another one from now on (``SMTPSession/client``): greet it, or send it away.
    case greet
    /// Send this at once and in clear text, let TLS begin, and say so with ``SMTPSession/tlsStarted(_:)``.
    case startTLS(SMTPReply)
    /// Find out about this recipient and answer with ``SMTPSession/recipientVerdict(_:)``.
    case validate(Recipient)
    /// Hand this to the backend and answer with ``SMTPSession/messageVerdict(_:)``.
    case deliver(CompletedTransaction)
}

/// What a recipient's validation came to.
package enum RecipientDecision: Equatable, Sendable {
    case accepted
    /// The domain is not in `allowed_hosts`.
    case relayDenied
    /// The backend says so.
    case refused(SMTPReply)
}

/// What a session is waiting for; it decides which deadline runs.
package enum SMTPWait: Equatable, Sendable {
    /// A command line of the peer.
    case command
    /// Message data of the peer.
    case data
    /// Our own verdict: the peer's clocks stand still.
    case verdict
    /// Nothing any more.
    case nothing
}
