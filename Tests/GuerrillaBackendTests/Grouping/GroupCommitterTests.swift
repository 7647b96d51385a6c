import GuerrillaBackend
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(10)))
struct GroupCommitterTests {
    typealias Committer = GroupCommitter<Int, Int>

    /// Waits until so many items stand in the queue, so that a test knows the order of submission.
    private func queued(_ count: Int, in committer: Committer) async {
        while committer.statistics.queuedItems != count { await Task.yield() }
    }

    /// Submits item 0, which the store holds at the gate, and then the items queued behind it, in order.
    private func submit(
        _ items: [Int],
        behindHeldItemOf committer: Committer,
        gate: Gate,
        octets: Int = 1
    ) async -> (held: Task<Int, any Error>, waiting: [Task<Int, any Error>]) {
        let held = Task { try await committer.submit(0, octets: octets) }
        await gate.visited()
        var waiting: [Task<Int, any Error>] = []
        for (index, item) in items.enumerated() {
            waiting.append(Task { try await committer.submit(item, octets: octets) })
            await self.queued(index + 1, in: committer)
        }
        return (held, waiting)
    }

    /// A store that holds item 0 at the gate and hands the other batches to `behaviour`.
    private func store(
        holdingAt gate: Gate,
        _ behaviour: @escaping @Sendable ([Int]) async throws -> [Int] = { $0.map { $0 * 10 } }
    ) -> FakeStore {
        FakeStore { items in
            guard items == [0] else { return try await behaviour(items) }
            await gate.pass()
            return [0]
        }
    }

    /// Whether the committer, whose store hangs, still queues an item. The item is withdrawn again.
    private func accepts(_ committer: Committer) async -> Bool {
        let probe = Task { try await committer.submit(99, octets: 1) }
        await Task.yield()
        probe.cancel()
        if case .failure(GroupCommitError.shutDown) = await probe.result { return false }
        return true
    }

    @Test func anItemAloneIsCommittedAtOnce() async throws {
        let store = FakeStore()
        let committer = GroupCommitter(commit: store)
        #expect(try await committer.submit(7, octets: 100) == 70)
        #expect(store.batches == [[7]])
    }

    @Test func whatArrivesDuringACommitBecomesTheNextBatch() async throws {
        let gate = Gate()
        let store = self.store(holdingAt: gate)
        let committer = GroupCommitter(commit: store)
        let (held, waiting) = await self.submit([1, 2, 3], behindHeldItemOf: committer, gate: gate)
        #expect(committer.statistics.queuedOctets == 3)
        gate.open()
        #expect(try await held.value == 0)
        for (index, task) in waiting.enumerated() {
            #expect(try await task.value == (index + 1) * 10)
        }
        #expect(store.batches == [[0], [1, 2, 3]])
        let statistics = committer.statistics
        #expect(statistics.committedBatches == 2)
        #expect(statistics.committedItems == 4)
        #expect(statistics.largestBatch == 3)
        #expect(statistics.queuedItems == 0)
        #expect(statistics.queuedOctets == 0)
    }

    @Test func batchesKeepTheirLimits() async throws {
        let gate = Gate()
        let store = self.store(holdingAt: gate)
        var limits = GroupCommitLimits()
        limits.batchItems = 3
        limits.batchOctets = 20
        let committer = GroupCommitter(commit: store, limits: limits)
        let (held, waiting) = await self.submit(Array(1...7), behindHeldItemOf: committer, gate: gate, octets: 10)
        gate.open()
        for task in [held] + waiting { _ = try await task.value }
        #expect(store.batches == [[0], [1, 2], [3, 4], [5, 6], [7]])
    }

    @Test func onePoisonItemFailsAlone() async throws {
        let gate = Gate()
        let store = self.store(holdingAt: gate) { items in
            guard !items.contains(13) else { throw CommitFailure.items(PoisonError(item: 13)) }
            return items.map { $0 * 10 }
        }
        let committer = GroupCommitter(commit: store)
        let (_, waiting) = await self.submit(Array(1...32), behindHeldItemOf: committer, gate: gate)
        gate.open()
        for (index, task) in waiting.enumerated() {
            if index == 12 {
                let error = await #expect(throws: CommitFailure.self) { try await task.value }
                #expect(error?.underlying as? PoisonError == PoisonError(item: 13))
            } else {
                #expect(try await task.value == (index + 1) * 10)
            }
        }
        // Halving 32 down to one takes two commits a level, and the outcomes stay in order of submission.
        #expect(store.batches.count == 2 + 2 * 5)
        #expect(committer.statistics.failedItems == 1)
        #expect(committer.statistics.committedItems == 32)
    }

    @Test func anErrorOfUnknownTypeIsSplitToo() async throws {
        let gate = Gate()
        let store = self.store(holdingAt: gate) { items in
            guard !items.contains(2) else { throw PoisonError(item: 2) }
            return items
        }
        let committer = GroupCommitter(commit: store)
        let (_, waiting) = await self.submit([1, 2], behindHeldItemOf: committer, gate: gate)
        gate.open()
        #expect(try await waiting[0].value == 1)
        await #expect(throws: PoisonError(item: 2)) { try await waiting[1].value }
    }

    @Test func aStoreInTroubleFailsTheBatchAtOnce() async throws {
        let gate = Gate()
        let store = self.store(holdingAt: gate) { _ in throw CommitFailure.store(PoisonError()) }
        let committer = GroupCommitter(commit: store)
        let (_, waiting) = await self.submit([1, 2, 3], behindHeldItemOf: committer, gate: gate)
        gate.open()
        for task in waiting {
            await #expect(throws: CommitFailure.self) { try await task.value }
        }
        #expect(store.batches == [[0], [1, 2, 3]])
        #expect(committer.statistics.failedItems == 3)
    }

    @Test func aStoreInTroubleDuringASplitFailsTheRest() async throws {
        let gate = Gate()
        let store = self.store(holdingAt: gate) { items in
            if items.count > 2 { throw CommitFailure.items(PoisonError()) }
            throw CommitFailure.store(PoisonError())
        }
        let committer = GroupCommitter(commit: store)
        let (_, waiting) = await self.submit([1, 2, 3, 4], behindHeldItemOf: committer, gate: gate)
        gate.open()
        for task in waiting {
            await #expect(throws: CommitFailure.self) { try await task.value }
        }
        #expect(store.batches == [[0], [1, 2, 3, 4], [1, 2]])
    }

    @Test func anUnknownOutcomeIsNeverRetried() async throws {
        let gate = Gate()
        let store = self.store(holdingAt: gate) { _ in throw CommitFailure.unknownOutcome(PoisonError()) }
        let committer = GroupCommitter(commit: store)
        let (_, waiting) = await self.submit([1, 2], behindHeldItemOf: committer, gate: gate)
        gate.open()
        for task in waiting {
            let error = await #expect(throws: CommitFailure.self) { try await task.value }
            guard case .unknownOutcome = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(store.batches == [[0], [1, 2]])
    }

    @Test(arguments: [[], [1], [1, 2, 3]])
    func aWrongNumberOfOutcomesIsAnUnknownOutcome(_ outcomes: [Int]) async throws {
        let gate = Gate()
        let store = self.store(holdingAt: gate) { _ in outcomes }
        let committer = GroupCommitter(commit: store)
        let (_, waiting) = await self.submit([1, 2], behindHeldItemOf: committer, gate: gate)
        gate.open()
        for task in waiting {
            let error = await #expect(throws: CommitFailure.self) { try await task.value }
            guard case .unknownOutcome(GroupCommitError.outcomeCountMismatch(2, outcomes.count)) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(store.batches == [[0], [1, 2]])
    }

    @Test func aQueuedItemIsWithdrawnByCancellation() async throws {
        let gate = Gate()
        let store = self.store(holdingAt: gate)
        let committer = GroupCommitter(commit: store)
        let (held, waiting) = await self.submit([1, 2, 3], behindHeldItemOf: committer, gate: gate, octets: 10)
        waiting[1].cancel()
        // The store still hangs: the withdrawal does not wait for it.
        await #expect(throws: CancellationError.self) { try await waiting[1].value }
        #expect(committer.statistics.queuedItems == 2)
        #expect(committer.statistics.queuedOctets == 20)
        #expect(committer.statistics.withdrawnItems == 1)
        gate.open()
        for task in [held, waiting[0], waiting[2]] { _ = try await task.value }
        #expect(store.batches == [[0], [1, 3]])
    }

    @Test func anItemBeingCommittedIsNotWithdrawn() async throws {
        let gate = Gate()
        let committer = GroupCommitter(commit: self.store(holdingAt: gate))
        let (held, _) = await self.submit([], behindHeldItemOf: committer, gate: gate)
        held.cancel()
        gate.open()
        #expect(try await held.value == 0)
        #expect(committer.statistics.withdrawnItems == 0)
    }

    @Test func aTaskCancelledBeforeDoesNotSubmit() async throws {
        let store = FakeStore()
        let committer = GroupCommitter(commit: store)
        let gate = Gate()
        let task = Task {
            await gate.pass()
            return try await committer.submit(1, octets: 1)
        }
        task.cancel()
        gate.open()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(store.batches.isEmpty)
    }

    @Test func aQueueFullOfItemsRefuses() async throws {
        let gate = Gate()
        var limits = GroupCommitLimits()
        limits.queuedItems = 2
        let committer = GroupCommitter(commit: self.store(holdingAt: gate), limits: limits)
        let (held, waiting) = await self.submit([1, 2], behindHeldItemOf: committer, gate: gate)
        await #expect(throws: GroupCommitError.full) { try await committer.submit(3, octets: 1) }
        waiting[0].cancel()
        await #expect(throws: CancellationError.self) { try await waiting[0].value }
        let second = Task { try await committer.submit(4, octets: 1) }
        await self.queued(2, in: committer)
        gate.open()
        for task in [held, waiting[1], second] { _ = try await task.value }
    }

    @Test func aQueueFullOfOctetsRefuses() async throws {
        let gate = Gate()
        var limits = GroupCommitLimits()
        limits.queuedOctets = 100
        let committer = GroupCommitter(commit: self.store(holdingAt: gate), limits: limits)
        let (held, waiting) = await self.submit([1], behindHeldItemOf: committer, gate: gate, octets: 60)
        await #expect(throws: GroupCommitError.full) { try await committer.submit(2, octets: 41) }
        await #expect(throws: GroupCommitError.full) { try await committer.submit(2, octets: .max) }
        let exact = Task { try await committer.submit(3, octets: 40) }
        await self.queued(2, in: committer)
        gate.open()
        for task in [held, waiting[0], exact] { _ = try await task.value }
        // Larger than the whole queue, but nothing else is there.
        #expect(try await committer.submit(4, octets: .max) == 40)
    }

    @Test func shutdownDrainsTheQueue() async throws {
        let gate = Gate()
        let store = self.store(holdingAt: gate)
        let committer = GroupCommitter(commit: store)
        let (held, waiting) = await self.submit([1, 2], behindHeldItemOf: committer, gate: gate)
        let shutdown = Task { await committer.shutdown(deadline: .now + .seconds(3600)) }
        // A probe withdraws itself until the committer refuses, as it does from the moment the shutdown has begun.
        while await self.accepts(committer) {}
        gate.open()
        #expect(await shutdown.value == 0)
        #expect(try await held.value == 0)
        #expect(try await waiting[1].value == 20)
        await #expect(throws: GroupCommitError.shutDown) { try await committer.submit(3, octets: 1) }
        #expect(await committer.shutdown(deadline: .now + .seconds(3600)) == 0)
    }

    @Test func shutdownFailsWhatIsQueuedAtTheDeadline() async throws {
        let gate = Gate()
        let store = self.store(holdingAt: gate)
        let committer = GroupCommitter(commit: store)
        let (held, waiting) = await self.submit([1, 2], behindHeldItemOf: committer, gate: gate)
        // The deadline has passed already, so nothing waits for the clock.
        #expect(await committer.shutdown(deadline: .now) == 2)
        for task in waiting {
            await #expect(throws: GroupCommitError.shutDown) { try await task.value }
        }
        // The commit that hung ends late: its item still gets its real outcome.
        gate.open()
        #expect(try await held.value == 0)
        #expect(store.batches == [[0]])
    }

    @Test func shutdownOfAnIdleCommitterReturnsAtOnce() async {
        let committer = GroupCommitter(commit: FakeStore())
        #expect(await committer.shutdown(deadline: .now + .seconds(3600)) == 0)
    }

    @Test(arguments: [false, true])
    func aThousandConcurrentSubmissionsGetTheirOwnOutcome(onBlockingThread: Bool) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let executor = BlockingThreadExecutor()
        let committer = GroupCommitter(commit: FakeStore(), executor: onBlockingThread ? executor : nil)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for item in 0..<1_000 {
                let loop = group.next()
                tasks.addTask(executorPreference: LoopExecutor(loop: loop)) {
                    #expect(MultiThreadedEventLoopGroup.currentEventLoop === loop)
                    let outcome = try await committer.submit(item, octets: 1)
                    #expect(outcome == item * 10)
                    #expect(MultiThreadedEventLoopGroup.currentEventLoop === loop)
                }
            }
            try await tasks.waitForAll()
        }
        let statistics = committer.statistics
        #expect(statistics.committedItems == 1_000)
        #expect(statistics.largestBatch <= 256)
        #expect(await committer.shutdown(deadline: .now + .seconds(60)) == 0)
        await executor.shutdown()
        try await group.shutdownGracefully()
    }

    @Test func concurrentWithdrawalsLoseNobody() async throws {
        let committer = GroupCommitter(commit: FakeStore())
        let outcomes = await withTaskGroup(of: Bool.self) { tasks in
            for item in 0..<1_000 {
                tasks.addTask {
                    let submission = Task { try await committer.submit(item, octets: 1) }
                    if item.isMultiple(of: 2) { submission.cancel() }
                    switch await submission.result {
                    case .success(let outcome):
                        #expect(outcome == item * 10)
                        return true
                    case .failure(let error):
                        #expect(error is CancellationError)
                        return false
                    }
                }
            }
            return await tasks.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(outcomes >= 500)
        #expect(committer.statistics.committedItems == outcomes)
        #expect(committer.statistics.queuedItems == 0)
    }
}

/// Runs a task on an event loop, as the server does with the processor chain.
private final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = self.asUnownedTaskExecutor()
        self.loop.execute { job.runSynchronously(on: executor) }
    }
}
