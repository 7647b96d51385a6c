public import GuerrillaSMTP

/// There is no memory left for what has to be kept beside a message until its verdict. The client keeps it.
public struct MessageMemoryExhausted: Error, Equatable, CustomStringConvertible, SMTPReplyConvertible {
    /// Creates the error.
    public init() {}

    /// What happened.
    public var description: String { "max_message_memory has no room for what is made of the message" }

    /// 452 4.3.1
    public var smtpReply: SMTPReply { .insufficientStorage }
}
