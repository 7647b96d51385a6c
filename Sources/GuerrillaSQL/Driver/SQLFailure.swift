/// What a database, or the way to it, has against an operation.
///
/// What a server answers on a connection that goes on living is taken for the fault of an item (``Reach/row``) unless it is known to
/// be something else: a client who can make the server answer with an error must not stop the others.
package struct SQLFailure: Error, Sendable, CustomStringConvertible {
    /// How far it reaches.
    package enum Reach: Sendable {
        /// Nothing was committed, and a single item may be at fault.
        case row
        /// Nothing was committed because transactions were in each other's way: the same may do a moment later.
        case conflict
        /// Nothing was committed for want of something, room for example. Less of it may do.
        case resources
        /// Nothing was committed: what this connection has prepared is out of date.
        case stale
        /// Nothing was committed: the connection is gone, and another one may do.
        case connection
        /// Nothing was committed: the database refuses us whatever we bring.
        case store
        /// The connection died while a commit was under way.
        case unknown
    }

    package var reach: Reach
    /// One sentence for the log. It holds no secret and nothing of a message.
    package var description: String

    package init(_ reach: Reach, _ description: String) {
        self.reach = reach
        self.description = description
    }

    /// The same words, with another reach.
    func reaching(_ reach: Reach) -> SQLFailure { SQLFailure(reach, self.description) }
}
