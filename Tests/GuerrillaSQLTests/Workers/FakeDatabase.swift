import GuerrillaBackend
import Synchronization

@testable import GuerrillaSQL

/// A database in memory that fails when it is told to.
final class FakeDatabase: SQLDriver {
    struct State {
        var committed: [String] = []
        var connections = 0
        var opened = 0
        /// What the next connections or commits meet, one failure each.
        var connectFailures: [SQLFailure] = []
        var failures: [SQLFailure] = []
        var isAlive = true
    }

    let state = Mutex(State())
    let place = "fake at nowhere"

    func connect(for purpose: SQLPurpose) throws(SQLFailure) -> any SQLConnection {
        let failure = self.state.withLock { state -> SQLFailure? in
            if let failure = state.connectFailures.popLast() { return failure }
            state.connections += 1
            state.opened += 1
            state.isAlive = true
            return nil
        }
        if let failure { throw failure }
        return Connection(database: self)
    }

    private final class Connection: SQLConnection {
        let database: FakeDatabase

        init(database: FakeDatabase) {
            self.database = database
        }

        var isAlive: Bool { self.database.state.withLock { $0.isAlive } }

        func insert(_ rows: [MailRow]) throws(SQLFailure) {
            let failure = self.database.state.withLock { state -> SQLFailure? in
                if let failure = state.failures.popLast() { return failure }
                if rows.contains(where: { $0.recipient == "bad" }) { return SQLFailure(.row, "bad row") }
                state.committed += rows.map(\.recipient)
                return nil
            }
            if let failure { throw failure }
        }

        func find(_ recipients: [[String]]) throws(SQLFailure) -> [Bool] {
            recipients.map { $0.first == "known" }
        }

        func close() {
            self.database.state.withLock { $0.connections -= 1 }
        }
    }
}

extension SQLMessage {
    /// A message to these recipients.
    static func to(_ recipients: String...) -> SQLMessage {
        SQLMessage(
            rows: recipients.map { recipient in
                var row = MailRow()
                row.recipient = recipient
                return row
            }
        )
    }
}
