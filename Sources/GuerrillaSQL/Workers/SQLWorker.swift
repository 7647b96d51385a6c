import GuerrillaBackend
import Synchronization

/// One connection, opened when it is needed and given up after every failure but that of a row.
final class SQLWorker<Item: Sendable, Outcome: Sendable>: GroupCommit {
    typealias Work = @Sendable (any SQLConnection, [Item]) throws(SQLFailure) -> [Outcome]

    struct Settings: Sendable {
        /// How long a connection is used; nil is for ever.
        var lifetime: Duration?
        /// Whether the connection stays open when there is nothing to do.
        var staysOpen = true
        /// How long to leave a database alone that could not be reached: doubled each time up to the second.
        var firstPause = Duration.milliseconds(100)
        var longestPause = Duration.seconds(5)
    }

    private struct State {
        var connection: (any SQLConnection)?
        var openedAt = ContinuousClock.now
        var pause: Duration
        /// Until when nothing is tried, and why.
        var rest: (until: ContinuousClock.Instant, reason: SQLFailure)?
    }

    private let driver: any SQLDriver
    private let purpose: SQLPurpose
    private let settings: Settings
    private let health: StoreHealth
    private let work: Work
    private let state: Mutex<State>

    init(
        driver: any SQLDriver,
        purpose: SQLPurpose,
        settings: Settings,
        health: StoreHealth,
        work: @escaping Work
    ) {
        self.driver = driver
        self.purpose = purpose
        self.settings = settings
        self.health = health
        self.work = work
        self.state = Mutex(State(pause: settings.firstPause))
    }

    /// Opens the connection now.
    func open() throws(SQLFailure) {
        try self.state.withLock { state throws(SQLFailure) in
            _ = try self.connection(&state)
        }
    }

    /// Closes the connection. Waits for what is under way.
    func close() {
        self.state.withLock { $0.connection.take()?.close() }
    }

    func commit(_ items: [Item]) async throws -> [Outcome] {
        try self.state.withLock { state in
            do throws(SQLFailure) {
                let outcomes = try self.commit(items, &state)
                self.health.succeeded()
                if !self.settings.staysOpen { state.connection.take()?.close() }
                return outcomes
            } catch {
                switch error.reach {
                case .row: throw CommitFailure.items(error)
                case .store, .connection: throw CommitFailure.store(error)
                case .unknown: throw CommitFailure.unknownOutcome(error)
                }
            }
        }
    }

    private func commit(_ items: [Item], _ state: inout State) throws(SQLFailure) -> [Outcome] {
        let begin = ContinuousClock.now
        let isFresh = state.connection == nil
        let connection = try self.connection(&state)
        do throws(SQLFailure) {
            return try self.work(connection, items)
        } catch {
            guard error.reach != .row else { throw error }
            state.connection.take()?.close()
            // A connection that lay idle may be dead without a fault of the database's. Nothing was committed, so the next
            // one gets its chance at once; not after a time-out, which would take as long again.
            guard error.reach == .connection, !isFresh, ContinuousClock.now - begin < .seconds(1) else {
                self.rest(&state, because: error)
                throw error
            }
        }
        let another = try self.connection(&state)
        do throws(SQLFailure) {
            return try self.work(another, items)
        } catch {
            if error.reach != .row {
                state.connection.take()?.close()
                self.rest(&state, because: error)
            }
            throw error
        }
    }

    /// The connection, a new one when there is none that can be used.
    private func connection(_ state: inout State) throws(SQLFailure) -> any SQLConnection {
        let now = ContinuousClock.now
        if let connection = state.connection {
            let isTooOld = self.settings.lifetime.map { now - state.openedAt > $0 } ?? false
            if !isTooOld, connection.isAlive { return connection }
            state.connection = nil
            connection.close()
        }
        if let rest = state.rest, now < rest.until { throw rest.reason }
        do throws(SQLFailure) {
            let connection = try self.driver.connect(for: self.purpose)
            state.connection = connection
            state.openedAt = .now
            state.rest = nil
            state.pause = self.settings.firstPause
            return connection
        } catch {
            self.rest(&state, because: error)
            throw error
        }
    }

    private func rest(_ state: inout State, because failure: SQLFailure) {
        state.rest = (.now + state.pause, failure)
        state.pause = min(state.pause * 2, self.settings.longestPause)
        self.health.failed(failure)
    }

    /// Whether the database could not be reached a moment ago. Not known while the worker is at work.
    var isResting: Bool {
        self.state.withLockIfAvailable { $0.rest.map { ContinuousClock.now < $0.until } ?? false } ?? false
    }
}
