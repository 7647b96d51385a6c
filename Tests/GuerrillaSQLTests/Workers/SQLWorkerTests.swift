import GuerrillaBackend
import Synchronization
import Testing

@testable import GuerrillaSQL

@Suite struct SQLWorkerTests {
    private typealias Worker = SQLWorker<SQLMessage, Void>

    private let database = FakeDatabase()

    private func worker(_ change: (inout Worker.Settings) -> Void = { _ in }) -> Worker {
        var settings = Worker.Settings()
        settings.firstPause = .zero
        settings.longestPause = .zero
        change(&settings)
        return SQLWorker(driver: self.database, purpose: .saving, settings: settings) {
            connection,
            messages throws(SQLFailure) in
            try connection.insert(messages.flatMap(\.rows))
            return Array(repeating: (), count: messages.count)
        }
    }

    private var committed: [String] { self.database.state.withLock { $0.committed } }
    private var inserts: [Int] { self.database.state.withLock { $0.inserts } }
    private var opened: Int { self.database.state.withLock { $0.opened } }
    private var connections: Int { self.database.state.withLock { $0.connections } }

    private func fail(_ failures: SQLFailure...) {
        self.database.state.withLock { $0.failures = failures.reversed() }
    }

    /// What has become of each message: nil for one that is stored.
    private func commit(_ recipients: String..., by worker: Worker) async -> [SQLFailure.Reach?] {
        await worker.commit(recipients.map { .to($0) }).map { answer in
            do throws(SQLFailure) {
                try answer.get()
                return nil
            } catch {
                return error.reach
            }
        }
    }

    @Test func oneConnectionServesAllCommits() async {
        let worker = self.worker()
        _ = await worker.commit([.to("a"), .to("b", "c")])
        _ = await worker.commit([.to("d")])
        #expect(self.committed == ["a", "b", "c", "d"])
        #expect(self.opened == 1)
        worker.close()
        #expect(self.connections == 0)
    }

    // MARK: Items at fault

    @Test(arguments: [SQLFailure.Reach.row, .conflict, .resources, .stale])
    func whatTheServerAnswersConcernsTheItemAlone(reach: SQLFailure.Reach) async {
        self.database.state.withLock { $0.rowFailure = SQLFailure(reach, "an answer") }
        let worker = self.worker { $0.firstPause = .seconds(3_600) }
        #expect(await self.commit("a", "b", "bad", "c", by: worker) == [nil, nil, reach, nil])
        #expect(self.committed == ["a", "b", "c"])
        #expect(!worker.isResting)
        // And at once for whoever comes next, also after one that came alone.
        #expect(await self.commit("bad", by: worker) == [reach])
        #expect(await self.commit("d", by: worker) == [nil])
        #expect(!worker.isResting)
        #expect(self.connections == 1)
    }

    @Test func oneBadItemOfManyCostsFewAttempts() async {
        let worker = self.worker()
        let messages = (0..<256).map { SQLMessage.to($0 == 77 ? "bad" : "\($0)") }
        let answers = await worker.commit(messages)
        #expect(worker.committedCount(of: answers) == 255)
        #expect(self.committed.count == 255)
        #expect(self.inserts.count == 17)
    }

    @Test func aTableThatIsGoneIsNotLookedForItemByItem() async {
        let worker = self.worker { $0.firstPause = .seconds(3_600) }
        _ = await self.commit("a", by: worker)
        self.database.state.withLock {
            $0.trouble = SQLFailure(.row, "no such table")
            $0.failures = Array(repeating: SQLFailure(.row, "no such table"), count: 3)
        }
        #expect(await self.commit("b", "c", "d", by: worker) == [.store, .store, .store])
        #expect(self.inserts == [1, 3])
        #expect(worker.isResting)
    }

    @Test func aFailureThatTakesTooLongIsTheDatabases() async {
        let worker = self.worker {
            $0.patience = .zero
            $0.firstPause = .seconds(3_600)
        }
        #expect(await self.commit("bad", "a", by: worker) == [.store, .store])
        #expect(self.inserts == [2])
        #expect(worker.isResting)
    }

    @Test func afterASuccessPatienceEndsWithoutAPause() async {
        let worker = self.worker {
            $0.patience = .milliseconds(250)
            $0.firstPause = .seconds(3_600)
        }
        self.database.state.withLock { $0.delay = .milliseconds(110) }
        // Failing takes more than a tenth of a second, so the items are tried one by one.
        #expect(await self.commit("a", "bad", "bad", "b", by: worker) == [nil, .row, .row, .resources])
        #expect(self.inserts == [4, 1, 1, 1])
        #expect(!worker.isResting)
    }

    @Test func aConnectionThatDiesOfAnItemIsReplacedForTheOthers() async {
        self.database.state.withLock { $0.rowFailure = SQLFailure(.connection, "packet too large") }
        let worker = self.worker { $0.firstPause = .seconds(3_600) }
        #expect(await self.commit("a", "bad", "b", by: worker) == [nil, .connection, nil])
        #expect(self.committed == ["a", "b"])
        #expect(!worker.isResting)
        #expect(self.connections == 1)
    }

    @Test func connectionsThatAllDieAreTheDatabases() async {
        self.database.state.withLock { $0.rowFailure = SQLFailure(.connection, "gone away") }
        let worker = self.worker { $0.firstPause = .seconds(3_600) }
        let answers = await worker.commit(Array(repeating: .to("bad"), count: 100))
        #expect(worker.committedCount(of: answers) == 0)
        #expect(self.opened <= 22)
        #expect(worker.isResting)
    }

    @Test func aConnectionOnWhichNothingWorksIsReplaced() async {
        let worker = self.worker()
        for _ in 0..<3 { #expect(await self.commit("bad", by: worker) == [.row]) }
        #expect(self.connections == 0)
        #expect(await self.commit("a", by: worker) == [nil])
        #expect(self.opened == 2)
    }

    @Test func transactionsInEachOthersWayAreTriedAgain() async {
        let worker = self.worker()
        self.fail(SQLFailure(.conflict, "deadlock"))
        #expect(await self.commit("a", by: worker) == [nil])
        #expect(self.inserts == [1, 1])
        #expect(self.opened == 1)
    }

    @Test func aStatementThatIsOutOfDateIsPreparedAnew() async {
        let worker = self.worker()
        _ = await self.commit("a", by: worker)
        self.fail(SQLFailure(.stale, "no such prepared statement"))
        #expect(await self.commit("b", by: worker) == [nil])
        #expect(self.opened == 2)
    }

    // MARK: The database away

    @Test func aDeadIdleConnectionCostsNothing() async {
        let worker = self.worker()
        _ = await self.commit("a", by: worker)
        self.database.state.withLock { $0.isAlive = false }
        #expect(await self.commit("b", by: worker) == [nil])
        self.fail(SQLFailure(.connection, "gone away"))
        #expect(await self.commit("c", by: worker) == [nil])
        #expect(self.committed == ["a", "b", "c"])
        #expect(self.opened == 3)
        #expect(self.connections == 1)
    }

    @Test func anUnknownOutcomeIsNeverTriedAgain() async {
        let worker = self.worker()
        _ = await self.commit("a", by: worker)
        self.fail(SQLFailure(.unknown, "lost in commit"))
        #expect(await self.commit("b", "b2", by: worker) == [.unknown, .unknown])
        #expect(self.committed == ["a"])
        #expect(await self.commit("c", by: worker) == [nil])
        #expect(self.committed == ["a", "c"])
    }

    @Test func aDatabaseThatIsAwayIsLeftAloneForAWhile() async {
        let worker = self.worker { $0.firstPause = .seconds(3_600) }
        self.database.state.withLock { $0.connectFailures = [SQLFailure(.row, "refused")] }
        for _ in 0..<3 {
            #expect(await self.commit("a", "b", by: worker) == [.store, .store])
        }
        #expect(self.opened == 0)
        #expect(worker.isResting)
    }

    @Test func connectionsEndAfterTheirLifetimeOrWhenIdle() async {
        let short = self.worker { $0.lifetime = .zero }
        _ = await self.commit("a", by: short)
        _ = await self.commit("b", by: short)
        #expect(self.opened == 2)
        short.close()
        let idle = self.worker { $0.staysOpen = false }
        _ = await self.commit("c", by: idle)
        #expect(self.connections == 0)
    }

    @Test func severalWorkersShareTheWorkAndABadRowCostsOneMessage() async throws {
        self.database.state.withLock { $0.cautions = ["it forgets"] }
        let workers = SQLWorkers([self.worker(), self.worker()], limits: GroupCommitLimits())
        #expect(try await workers.open() == ["it forgets"])
        let failed = await withTaskGroup { group in
            for index in 0..<100 {
                group.addTask {
                    do {
                        try await workers.submit(.to(index == 50 ? "bad" : "\(index)"), octets: 1)
                        return 0
                    } catch {
                        return 1
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(failed == 1)
        #expect(self.committed.count == 99)
        #expect(workers.statistics.reduce(0) { $0 + $1.committedItems } == 99)
        #expect(workers.statistics.reduce(0) { $0 + $1.failedItems } == 1)
        await workers.shutdown(deadline: .now + .seconds(60))
        #expect(self.connections == 0)
    }
}
