import GuerrillaBackend
import Synchronization

/// One connection, opened when it is needed and given up after every failure but that of an item.
///
/// Each item has its own answer. A failure of a batch that may be an item's is looked for in smaller parts, without a pause: items come
/// from strangers, and one of them must not stop the others. Only when the database itself cannot be used is it left alone for a while.
final class SQLWorker<Item: Sendable, Outcome: Sendable>: GroupCommit {
    typealias Answer = Result<Outcome, SQLFailure>
    typealias Work = @Sendable (any SQLConnection, [Item]) throws(SQLFailure) -> [Outcome]

    struct Settings: Sendable {
        /// How long a connection is used; nil is for ever.
        var lifetime: Duration?
        /// Whether the connection stays open when there is nothing to do.
        var staysOpen = true
        /// How much time may go into attempts that fail, for one batch.
        var patience = Duration.seconds(10)
        /// How long to leave a database alone that could not be used: doubled each time up to the second.
        var firstPause = Duration.milliseconds(100)
        var longestPause = Duration.seconds(5)
    }

    /// A connection that dies sooner may have been dead before, or have died of an item; later it was waited for in vain.
    private static var soon: Duration { .seconds(1) }
    /// How many connections the items of one batch may cost.
    private static var connectionsForABatch: Int { 20 }
    /// After so many batches of which nothing was stored the connection itself is suspected.
    private static var fruitlessBatches: Int { 3 }

    struct State {
        var connection: (any SQLConnection)?
        var openedAt = ContinuousClock.now
        var pause: Duration
        /// Until when nothing is tried, and why.
        var rest: (until: ContinuousClock.Instant, reason: SQLFailure)?
        /// Batches in a row of which every item has failed.
        var fruitless = 0
    }

    private let driver: any SQLDriver
    private let purpose: SQLPurpose
    private let settings: Settings
    private let work: Work
    private let state: Mutex<State>

    init(driver: any SQLDriver, purpose: SQLPurpose, settings: Settings, work: @escaping Work) {
        self.driver = driver
        self.purpose = purpose
        self.settings = settings
        self.work = work
        self.state = Mutex(State(pause: settings.firstPause))
    }

    /// Opens the connection now.
    /// - Returns: What the operator should know about the database.
    func open() throws(SQLFailure) -> [String] {
        try self.state.withLock { state throws(SQLFailure) in
            try self.connection(&state).cautions()
        }
    }

    /// Closes the connection. Waits for what is under way.
    func close() {
        self.state.withLock { $0.connection.take()?.close() }
    }

    /// Whether the database could not be used a moment ago. Not known while the worker is at work.
    var isResting: Bool {
        self.state.withLockIfAvailable { $0.rest.map { ContinuousClock.now < $0.until } ?? false } ?? false
    }

    // MARK: - A batch

    func commit(_ items: [Item]) async -> [Answer] {
        self.state.withLock { state in
            let answers = self.answers(to: items, &state)
            if !self.settings.staysOpen { state.connection.take()?.close() }
            return answers
        }
    }

    func committedCount(of answers: [Answer]) -> Int {
        answers.count { if case .success = $0 { true } else { false } }
    }

    private func answers(to items: [Item], _ state: inout State) -> [Answer] {
        var answers = [Answer?](repeating: nil, count: items.count)
        var parts = UntriedParts(count: items.count, patience: self.settings.patience)
        var hasSucceeded = false
        var isChecked = false
        var lostConnections = 0
        /// Set when the rest is not to be tried any more.
        var end: SQLFailure?
        while end == nil, let part = parts.next() {
            let begin = ContinuousClock.now
            do throws(SQLFailure) {
                let outcomes = try self.attempt(part == items.indices ? items : Array(items[part]), &state)
                for (index, outcome) in zip(part, outcomes) { answers[index] = .success(outcome) }
                hasSucceeded = true
                continue
            } catch {
                switch error.reach {
                case .unknown:
                    // Never tried again: that could store it twice.
                    for index in part { answers[index] = .failure(error) }
                    self.giveUp(&state, because: error)
                    continue
                case .store:
                    end = error
                case .connection:
                    lostConnections += 1
                    let isSoon = ContinuousClock.now - begin < Self.soon
                    if !isSoon || lostConnections > Self.connectionsForABatch { end = error.reaching(.store) }
                case .row, .conflict, .resources, .stale:
                    if !isChecked {
                        isChecked = true
                        end = self.trouble(&state)
                    }
                }
                if end == nil {
                    if part.count == 1 { answers[part.lowerBound] = .failure(error) }
                    parts.failed(part, after: ContinuousClock.now - begin)
                    if parts.isOutOfPatience { end = error.reaching(hasSucceeded ? .resources : .store) }
                }
            }
        }
        if let end, end.reach == .store { self.giveUp(&state, because: end) }
        state.fruitless = hasSucceeded ? 0 : state.fruitless + 1
        if state.fruitless >= Self.fruitlessBatches {
            // What the connection has prepared or set may not fit any more, which no error says.
            state.fruitless = 0
            state.connection.take()?.close()
        }
        return answers.map { $0 ?? .failure(end ?? SQLFailure(.unknown, "the database has not answered all of them")) }
    }

    /// Tries all the items in one transaction, once more where that may help.
    /// - Throws: ``SQLFailure/Reach/connection`` when a connection was made for these items and died of them.
    private func attempt(_ items: [Item], _ state: inout State) throws(SQLFailure) -> [Outcome] {
        let begin = ContinuousClock.now
        let former = state.connection
        let connection = try self.connection(&state)
        let first: SQLFailure
        do throws(SQLFailure) {
            return try self.work(connection, items)
        } catch {
            first = error
        }
        switch first.reach {
        case .row, .resources, .unknown, .store:
            throw first
        case .conflict:
            break
        case .stale, .connection:
            state.connection.take()?.close()
            // A connection that lay idle may be dead without a fault of the database's. Nothing was committed, so the next one
            // gets its chance at once; not after a time-out, which would take as long again.
            guard former === connection, ContinuousClock.now - begin < Self.soon else { throw first }
        }
        let another = try self.connection(&state)
        do throws(SQLFailure) {
            return try self.work(another, items)
        } catch {
            if error.reach == .connection { state.connection.take()?.close() }
            throw error
        }
    }

    /// What the database has against this connection, whatever is brought; nil when it has nothing.
    private func trouble(_ state: inout State) -> SQLFailure? {
        do throws(SQLFailure) {
            try self.connection(&state).check()
            return nil
        } catch {
            return error.reaching(.store)
        }
    }

    // MARK: - The connection

    /// The connection, a new one when there is none that can be used.
    /// - Throws: Always with ``SQLFailure/Reach/store``.
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
            throw error.reaching(.store)
        }
    }

    /// Closes the connection and leaves the database alone for a while.
    private func giveUp(_ state: inout State, because failure: SQLFailure) {
        state.connection.take()?.close()
        // Said again while it rests: not a new reason to rest.
        if let rest = state.rest, ContinuousClock.now < rest.until { return }
        state.rest = (.now + state.pause, failure.reaching(.store))
        state.pause = min(state.pause * 2, self.settings.longestPause)
    }
}
