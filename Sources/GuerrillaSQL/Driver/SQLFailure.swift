/// What a database, or the way to it, has against an operation.
package struct SQLFailure: Error, Sendable, CustomStringConvertible {
    /// How far it reaches.
    package enum Reach: Sendable {
        /// Nothing was committed, and a single row may be at fault.
        case row
        /// Nothing was committed: the database refuses us, or cannot.
        case store
        /// Nothing was committed: the connection is gone, and another one may do.
        case connection
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
}
