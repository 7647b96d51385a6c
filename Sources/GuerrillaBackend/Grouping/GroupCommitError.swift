/// Why a ``GroupCommitter`` did not get an item committed, when the reason is its own.
public enum GroupCommitError: Error, Equatable, CustomStringConvertible {
    /// The queue has reached its limit of items or octets. The client may try again later (451 4.3.1).
    case full

    /// The committer is shutting down: the item was refused, or was still queued at the deadline.
    case shutDown

    /// The store returned another number of outcomes than there were items. Always inside
    /// ``CommitFailure/unknownOutcome(_:)``.
    case outcomeCountMismatch(expected: Int, returned: Int)

    /// One line for the log.
    public var description: String {
        switch self {
        case .full: "too many messages wait for the store"
        case .shutDown: "the store is shutting down"
        case .outcomeCountMismatch(let expected, let returned):
            "the store returned \(returned) outcomes for \(expected) items"
        }
    }
}
