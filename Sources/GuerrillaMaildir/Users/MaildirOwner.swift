/// Whom a user's directories and messages belong to.
struct MaildirOwner: Sendable, Hashable {
    /// The user's id; nil leaves it as the system sets it.
    var uid: UInt32?
    /// The group's id; nil leaves it as the system sets it.
    var gid: UInt32?
}
