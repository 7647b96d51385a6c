import GuerrillaBackend
import Synchronization

@testable import GuerrillaSQL

#if canImport(Glibc)
import Glibc
#endif

/// A database in memory that fails when it is told to.
final class FakeDatabase: SQLDriver {
    struct State {
        var committed: [String] = []
        /// How many rows each insert had, those that failed too.
        var inserts: [Int] = []
        var connections = 0
        var opened = 0
        /// What the next connections or commits meet, one failure each.
        var connectFailures: [SQLFailure] = []
        var failures: [SQLFailure] = []
        /// What rows for the recipient `bad` meet.
        var rowFailure = SQLFailure(.row, "bad row")
        /// What it says when it is asked whether it can still be used.
        var trouble: SQLFailure?
        var cautions: [String] = []
        /// How long failing takes.
        var delay = Duration.zero
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
                state.inserts.append(rows.count)
                if let failure = state.failures.popLast() { return failure }
                if rows.contains(where: { $0.recipient == "bad" }) {
                    // A connection that is gone is gone for all.
                    if state.rowFailure.reach == .connection { state.isAlive = false }
                    return state.rowFailure
                }
                state.committed += rows.map(\.recipient)
                return nil
            }
            guard let failure else { return }
            let delay = self.database.state.withLock { $0.delay }
            usleep(UInt32(delay / .microseconds(1)))
            throw failure
        }

        func check() throws(SQLFailure) {
            if let trouble = self.database.state.withLock({ $0.trouble }) { throw trouble }
        }

        func cautions() throws(SQLFailure) -> [String] { self.database.state.withLock { $0.cautions } }

        func find(_ recipients: [[String]]) throws(SQLFailure) -> [Bool] {
            if recipients.contains(["incomparable"]) { throw SQLFailure(.row, "illegal mix of collations") }
            return recipients.map { $0.first == "known" }
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
