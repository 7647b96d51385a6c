public import GuerrillaSMTP

extension GroupCommitError: SMTPReplyConvertible {
    /// 451 4.3.1 when the queue is full, 451 4.3.0 otherwise.
    public var smtpReply: SMTPReply {
        switch self {
        case .full: .storeBusy
        case .shutDown, .outcomeCountMismatch: .localError
        }
    }
}
