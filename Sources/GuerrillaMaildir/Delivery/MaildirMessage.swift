import GuerrillaBackend

/// A message on its way into Maildirs: a copy for each of its recipients.
struct MaildirMessage: Sendable {
    /// One recipient's copy.
    struct Copy: Sendable {
        /// The user's name in the map.
        var user: String
        /// What the file will hold.
        var form: StoredForm
        /// Octets of it.
        var size: Int

        init(user: String, form: StoredForm) {
            self.user = user
            self.form = form
            self.size = form.size
        }
    }

    var copies: [Copy]

    /// Octets of all copies.
    var octets: Int { self.copies.reduce(0) { $0 + $1.size } }
}
