/// How long a connection may take for what, all from the one time that a client waits.
///
/// A batch that meets a lock is tried again without the items that met it, and the next batch waits meanwhile: all of that has to
/// fit into a client's time. So a server is told to give up long before we do, which also leaves nothing behind in it.
package struct SQLTimeLimits: Sendable, Equatable {
    /// The longest that connecting, or a single answer, may take: the connection is given up after that.
    package var answer: Duration
    /// The longest that a statement may take in the server.
    package var statement: Duration
    /// The longest that a statement may wait for a lock.
    package var lock: Duration
    /// How much time may go into attempts that fail, for one batch.
    package var patience: Duration

    /// - Parameters:
    ///   - purpose: What the connection is for. Rows are inserted in no time; what a query of recipients does is the operator's affair.
    ///   - verdict: How long a client's verdict may take. It is told before its own deadline, whatever the database does.
    package init(_ purpose: SQLPurpose, verdict: Duration) {
        let answer = max(.seconds(1), verdict / 2)
        self.answer = answer
        self.statement =
            switch purpose {
            case .saving: answer / 4
            case .validating: answer / 2
            }
        self.lock = answer / 6
        self.patience = answer / 2
    }
}
