#if SQLite
import GRDB
import GuerrillaSQL
import Logging
import Synchronization

/// What the connections of a driver know together about the log of their database. See ``LogSettlement``.
final class DriverLog: Sendable {
    private enum Condition {
        /// No connection was opened yet.
        case unknown
        case settled
        /// A connection met an error, and the next one must not take over what is not on the disk.
        case doubtful
    }

    private struct State {
        var condition = Condition.unknown
        /// Connections whose log has gone from its place, and which could not bring what is in it into the database yet.
        var holders: [SQLite3Connection] = []
    }

    private let state = Mutex(State())
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    /// Brings what was left in the log to the disk, if that may be needed.
    func settle(_ path: String, within timeout: Duration) throws(SQLFailure) {
        let inUse = SQLFailure(.store, "'\(path)' is in use by another program, so it cannot be opened again")
        try self.state.withLock { state throws(SQLFailure) in
            state.holders.removeAll { self.handOver($0) }
            guard state.holders.isEmpty else { throw inUse }
            if state.condition == .settled { return }
            let isSettled: Bool
            do throws(DatabaseError) {
                isSettled = try LogSettlement.run(path, within: timeout)
            } catch {
                throw SQLFailure(.store, "what is in '\(path)-wal' cannot be brought to the disk: \(error)")
            }
            if !isSettled {
                // At the start other programs may have the file in use.
                guard state.condition == .unknown else { throw inUse }
                self.logger.warning(
                    """
                    '\(path)' is in use by another program: what was left in '\(path)-wal' was not brought into the database. \
                    After disk errors, end that program and start again
                    """
                )
            }
            state.condition = .settled
        }
    }

    /// A connection has met an error.
    func doubt() {
        self.state.withLock { $0.condition = .doubtful }
    }

    var isDoubtful: Bool { self.state.withLock { $0.condition == .doubtful } }

    /// Closes a connection whose files were removed or replaced, now or when the next one is opened: as soon as what only it has
    /// is in the database.
    func close(_ connection: SQLite3Connection) {
        self.state.withLock { state in
            if !self.handOver(connection) { state.holders.append(connection) }
        }
    }

    private func handOver(_ connection: SQLite3Connection) -> Bool {
        do throws(DatabaseError) {
            try connection.handOver()
        } catch {
            if WriteAheadLog.isBusy(error) { return false }
            self.logger.critical("messages that were acknowledged may be missing: \(error)")
        }
        connection.release(leavingLog: true)
        return true
    }
}
#endif
