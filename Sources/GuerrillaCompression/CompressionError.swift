#if Compression
public import GuerrillaSMTP

/// Why a message could not be compressed. The client keeps it.
public enum CompressionError: Error, Equatable, CustomStringConvertible, SMTPReplyConvertible {
    /// `max_message_memory` has no room for what comes out.
    case outOfMemory
    /// The library refused, as it does when it gets no memory of the system's.
    case library(String)

    /// What happened.
    public var description: String {
        switch self {
        case .outOfMemory: "max_message_memory has no room for the compressed message"
        case .library(let reason): reason
        }
    }

    /// 452 4.3.1 when there is no memory, otherwise 451 4.3.0.
    public var smtpReply: SMTPReply {
        switch self {
        case .outOfMemory: .insufficientStorage
        case .library: .localError
        }
    }
}
#endif
