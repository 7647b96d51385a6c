import Synchronization

/// Whether the place that messages are kept in has room for more: written by whoever looks after it, read at MAIL and DATA
/// by every session.
///
/// Without room the session answers 452 4.3.1 and the sender keeps the message.
public final class StorageSpace: Sendable {
    private let isLowNow = Atomic<Bool>(false)

    /// There is room until somebody says otherwise.
    public init() {}

    /// Whether there is too little room, so that a new transaction is better refused at once.
    public var isLow: Bool {
        get { self.isLowNow.load(ordering: .relaxed) }
        set { self.isLowNow.store(newValue, ordering: .relaxed) }
    }
}
