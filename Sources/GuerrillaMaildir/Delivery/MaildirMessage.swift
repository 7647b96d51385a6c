import GuerrillaBackend

/// A message on its way into Maildirs: a copy for each of its recipients.
struct MaildirMessage: Sendable {
    /// One recipient's copy.
    struct Copy: Sendable {
        /// The user's name in the map.
        var user: String
        /// What the file will hold.
        var form: StoredForm
    }

    var copies: [Copy]

    /// Octets in memory that are the copies' alone: not those of the message.
    var heldOctets: Int { self.copies.reduce(0) { $0 + $1.form.heldOctets + MemoryLayout<Copy>.stride } }

    /// Octets of all copies, at most.
    var octets: Int { self.copies.reduce(0) { $0 + $1.form.largestSize } }
}
