#if SQLite
/// A message read back from the store, with its row id.
public struct StoredMessageRecord: Sendable {
    /// The row id: grows with every message and is never used again.
    public var id: Int64
    /// The message with all its octets, in a single piece.
    public var message: StoredMessage

    /// What a listing shows of it.
    public var summary: StoredMessageSummary {
        StoredMessageSummary(
            id: self.id,
            queuedID: self.message.queuedID,
            receivedAtMicroseconds: self.message.receivedAtMicroseconds,
            reversePath: self.message.reversePath,
            recipients: self.message.recipients,
            size: self.message.size,
            subject: self.message.subject
        )
    }
}

/// What a listing shows of a message.
public struct StoredMessageSummary: Sendable, Equatable {
    /// The row id.
    public var id: Int64
    /// The id given to the client in the final 250.
    public var queuedID: String
    /// When the message was received, in microseconds since 1970-01-01 00:00 UTC.
    public var receivedAtMicroseconds: Int64
    /// The reverse-path; empty for the null reverse-path.
    public var reversePath: String
    /// The forward-paths, in the order of the RCPT commands.
    public var recipients: [String]
    /// Octets of the message, without the delivery header.
    public var size: Int
    /// The decoded subject, if known.
    public var subject: String?
}

/// Names one message of a store.
public enum StoredMessageIdentifier: Sendable, Hashable, CustomStringConvertible {
    /// By row id.
    case id(Int64)
    /// By the id given to the client in the final 250.
    case queuedID(String)

    /// The id, for an error sentence.
    public var description: String {
        switch self {
        case .id(let id): "id \(id)"
        case .queuedID(let id): "queued id '\(id)'"
        }
    }
}
#endif
