/// How far the failure of a group commit reaches, as the store judges it.
public enum CommitFailure: Error {
    /// Nothing was committed and perhaps one item's own fault is the reason (a constraint, a size). The committer tries
    /// smaller batches, down to single items, so that the bad item fails alone.
    case items(any Error)

    /// Nothing was committed because the store as a whole is in trouble (disk full, server down). Every item of the batch
    /// fails at once: trying them singly would multiply the load on a store that cannot take it.
    case store(any Error)

    /// The store may or may not have committed (the connection died in mid-commit). Every item of this commit fails with
    /// it and is never tried again, since that could store it twice.
    case unknownOutcome(any Error)

    /// The error the store met.
    public var underlying: any Error {
        switch self {
        case .items(let error), .store(let error), .unknownOutcome(let error): error
        }
    }
}

extension CommitFailure: CustomStringConvertible {
    /// One line for the log: the reach of the failure and the store's error.
    public var description: String {
        switch self {
        case .items(let error): "nothing was committed: \(error)"
        case .store(let error): "the store cannot commit: \(error)"
        case .unknownOutcome(let error): "it is unknown whether the store has committed: \(error)"
        }
    }
}
