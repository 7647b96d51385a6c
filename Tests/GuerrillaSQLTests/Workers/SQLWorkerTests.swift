import GuerrillaBackend
import InMemoryLogging
import Logging
import Synchronization
import Testing

@testable import GuerrillaSQL

@Suite struct SQLWorkerTests {
    private let database = FakeDatabase()
    private let log = InMemoryLogHandler()

    private func worker(
        _ change: (inout SQLWorker<SQLMessage, Void>.Settings) -> Void = { _ in }
    ) -> SQLWorker<SQLMessage, Void> {
        var settings = SQLWorker<SQLMessage, Void>.Settings()
        settings.firstPause = .zero
        settings.longestPause = .zero
        change(&settings)
        let log = self.log
        let health = StoreHealth(place: self.database.place, logger: Logger(label: "test") { _ in log })
        return SQLWorker(driver: self.database, purpose: .saving, settings: settings, health: health) {
            connection,
            messages throws(SQLFailure) in
            try connection.insert(messages.flatMap(\.rows))
            return Array(repeating: (), count: messages.count)
        }
    }

    private var committed: [String] { self.database.state.withLock { $0.committed } }

    private func fail(_ failures: SQLFailure...) {
        self.database.state.withLock { $0.failures = failures.reversed() }
    }

    @Test func oneConnectionServesAllCommits() async throws {
        let worker = self.worker()
        _ = try await worker.commit([.to("a"), .to("b", "c")])
        _ = try await worker.commit([.to("d")])
        #expect(self.committed == ["a", "b", "c", "d"])
        #expect(self.database.state.withLock { $0.opened } == 1)
        worker.close()
        #expect(self.database.state.withLock { $0.connections } == 0)
    }

    @Test func aBadRowKeepsTheConnectionAndIsSaidToBeOne() async throws {
        let worker = self.worker()
        await #expect { _ = try await worker.commit([.to("a"), .to("bad")]) } throws: {
            if case CommitFailure.items? = $0 as? CommitFailure { true } else { false }
        }
        _ = try await worker.commit([.to("a")])
        #expect(self.database.state.withLock { $0.opened } == 1)
        #expect(self.log.entries.isEmpty)
    }

    @Test func aDeadIdleConnectionCostsNothing() async throws {
        let worker = self.worker()
        _ = try await worker.commit([.to("a")])
        self.database.state.withLock { $0.isAlive = false }
        _ = try await worker.commit([.to("b")])
        self.fail(SQLFailure(.connection, "gone away"))
        _ = try await worker.commit([.to("c")])
        #expect(self.committed == ["a", "b", "c"])
        #expect(self.database.state.withLock { $0.opened } == 3)
        #expect(self.database.state.withLock { $0.connections } == 1)
    }

    @Test func anUnknownOutcomeIsNeverTriedAgain() async throws {
        let worker = self.worker()
        _ = try await worker.commit([.to("a")])
        self.fail(SQLFailure(.unknown, "lost in commit"))
        await #expect { _ = try await worker.commit([.to("b")]) } throws: {
            if case CommitFailure.unknownOutcome? = $0 as? CommitFailure { true } else { false }
        }
        #expect(self.committed == ["a"])
        _ = try await worker.commit([.to("c")])
        #expect(self.committed == ["a", "c"])
    }

    @Test func goingAndComingBackAreOneLineEach() async throws {
        let worker = self.worker()
        self.database.state.withLock {
            $0.connectFailures = Array(repeating: SQLFailure(.store, "refused"), count: 3)
        }
        for _ in 0..<3 {
            await #expect { _ = try await worker.commit([.to("a")]) } throws: {
                if case CommitFailure.store? = $0 as? CommitFailure { true } else { false }
            }
        }
        _ = try await worker.commit([.to("a")])
        _ = try await worker.commit([.to("b")])
        #expect(self.log.entries.map(\.level) == [.error, .notice])
        #expect("\(self.log.entries[0].message)".contains("refused"))
    }

    @Test func aDatabaseThatIsAwayIsLeftAloneForAWhile() async throws {
        let worker = self.worker { $0.firstPause = .seconds(3_600) }
        self.database.state.withLock { $0.connectFailures = [SQLFailure(.store, "refused")] }
        for _ in 0..<3 {
            await #expect(throws: CommitFailure.self) { _ = try await worker.commit([.to("a")]) }
        }
        #expect(self.database.state.withLock { $0.opened } == 0)
        #expect(worker.isResting)
    }

    @Test func connectionsEndAfterTheirLifetimeOrWhenIdle() async throws {
        let short = self.worker { $0.lifetime = .zero }
        _ = try await short.commit([.to("a")])
        _ = try await short.commit([.to("b")])
        #expect(self.database.state.withLock { $0.opened } == 2)
        short.close()
        let idle = self.worker { $0.staysOpen = false }
        _ = try await idle.commit([.to("c")])
        #expect(self.database.state.withLock { $0.connections } == 0)
    }

    @Test func severalWorkersShareTheWorkAndABadRowCostsOneMessage() async throws {
        let workers = SQLWorkers([self.worker(), self.worker()], limits: GroupCommitLimits())
        try await workers.open()
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
        await workers.shutdown(deadline: .now + .seconds(60))
        #expect(self.database.state.withLock { $0.connections } == 0)
    }
}
