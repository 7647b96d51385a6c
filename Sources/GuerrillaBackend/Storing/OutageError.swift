package import GuerrillaSMTP

/// A failure of which the log tells once for all the messages that meet it. The line of each of them is at level debug.
package struct OutageError: Error, SMTPReplyConvertible, CustomStringConvertible {
    /// What the store says.
    package let reason: any Error

    package init(_ reason: any Error) {
        self.reason = reason
    }

    /// That of the reason, else 451 4.3.0.
    package var smtpReply: SMTPReply { (self.reason as? any SMTPReplyConvertible)?.smtpReply ?? .localError }

    /// One line for the log.
    package var description: String { PlainWords.of(self.reason) }
}
