import Synchronization

/// The memory that all messages in flight may hold together, in octets.
///
/// One budget serves a whole daemon. It is charged chunk by chunk as octets arrive and never by an announced size, so
/// that `SIZE=` cannot be used to starve others. Exhaustion is our fault, not the peer's: the session answers
/// 452 4.3.1 and the sender keeps the message.
public final class MemoryBudget: Sendable {
    private let most: Atomic<Int>
    private let reserved = Atomic<Int>(0)

    /// Creates a budget of `limit` octets. Negative limits count as zero.
    public init(limit: Int) {
        self.most = Atomic(max(0, limit))
    }

    /// The most octets that may be reserved at once. A lower limit takes nothing away from who has it.
    public var limit: Int {
        get { self.most.load(ordering: .relaxed) }
        set { self.most.store(max(0, newValue), ordering: .relaxed) }
    }

    /// The octets reserved now.
    public var used: Int { self.reserved.load(ordering: .relaxed) }

    /// Whether nothing is left, so that a new transaction is better refused at once.
    public var isExhausted: Bool { self.used >= self.limit }

    /// Takes `octets` out of the budget.
    /// - Returns: False when that many are not left; nothing is taken then.
    package func reserve(_ octets: Int) -> Bool {
        let (_, now) = self.reserved.wrappingAdd(octets, ordering: .relaxed)
        if now <= self.limit { return true }
        self.release(octets)
        return false
    }

    /// Takes `octets` that are there already and cannot be refused any more: who comes next finds less, or nothing.
    func take(_ octets: Int) {
        _ = self.reserved.wrappingAdd(octets, ordering: .relaxed)
    }

    package func release(_ octets: Int) {
        _ = self.reserved.wrappingSubtract(octets, ordering: .relaxed)
    }
}

/// What one message holds of a ``MemoryBudget``; given back when the last reference goes.
package final class MemoryReservation: Sendable {
    private let budget: MemoryBudget
    private let held = Atomic<Int>(0)

    package init(budget: MemoryBudget) {
        self.budget = budget
    }

    deinit {
        let octets = self.held.load(ordering: .relaxed)
        if octets > 0 { self.budget.release(octets) }
    }

    /// A reservation of nothing in the same budget.
    func another() -> MemoryReservation { MemoryReservation(budget: self.budget) }

    /// Reserves `octets` more, or returns false when the budget has not that many left.
    package func grow(by octets: Int) -> Bool {
        guard self.budget.reserve(octets) else { return false }
        _ = self.held.wrappingAdd(octets, ordering: .relaxed)
        return true
    }

    /// Charges `octets` that are there already, whether the budget has that many left or not.
    package func take(_ octets: Int) {
        self.budget.take(octets)
        _ = self.held.wrappingAdd(octets, ordering: .relaxed)
    }

    /// Goes on with what another reservation in the same budget holds.
    func takeOver(_ other: MemoryReservation) {
        _ = self.held.wrappingAdd(other.held.exchange(0, ordering: .relaxed), ordering: .relaxed)
    }

    package func shrink(by octets: Int) {
        self.budget.release(octets)
        _ = self.held.wrappingSubtract(octets, ordering: .relaxed)
    }
}
