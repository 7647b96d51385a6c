import GuerrillaMail

/// Charges the recipients of a transaction to the memory budget, and what processors make of each.
///
/// The first 4 KiB belong to the connection, so ordinary transactions charge nothing.
struct RecipientMemory: Sendable {
    private static let step = 4_096

    private let budget: MemoryBudget
    /// What the recipients take.
    private var octets = 0
    /// How much of it is paid for.
    private var covered = Self.step
    /// Nil as long as there are few. Given back when it goes.
    private(set) var reservation: MemoryReservation?

    init(budget: MemoryBudget) {
        self.budget = budget
    }

    /// Charges one more recipient.
    /// - Returns: False when the budget has not that much left.
    mutating func add(_ recipient: Recipient) -> Bool {
        let needed = self.octets + recipient.heldOctets
        if needed > self.covered {
            let reservation = self.reservation ?? MemoryReservation(budget: self.budget)
            let more = (needed - self.covered + Self.step - 1) / Self.step * Self.step
            guard reservation.grow(by: more) else { return false }
            self.reservation = reservation
            self.covered += more
        }
        self.octets = needed
        return true
    }
}
