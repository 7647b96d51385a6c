import NIOCore
import NIOPosix
import Synchronization

/// Collects what concurrent sessions submit and commits it in groups.
///
/// There is no linger time: the first item is committed at once, and what arrives while a commit runs becomes the next
/// batch. So an idle store answers as fast as it can, and a busy one shares each commit among many sessions.
///
/// The drain loop is a single task that exists only while there is work. It runs with the executor preference given to
/// ``init(commit:limits:executor:)``.
///
/// ## Failures
///
/// A batch that fails with ``CommitFailure/items(_:)`` or an error of another type is halved until the items at fault stand
/// alone. Halving, and not one commit for each item, because faults are rare: one bad item among 256 costs 16 further
/// commits instead of 256, at the price of twice as many in the case that every item is bad, which a store should report as
/// ``CommitFailure/store(_:)`` anyway.
public final class GroupCommitter<Item: Sendable, Outcome: Sendable>: Sendable {
    private struct State {
        var queue = GroupQueue<Item, Outcome>()
        var isDraining = false
        var isShutDown = false
        var statistics = GroupCommitStatistics()
        /// The calls of ``shutdown(deadline:)`` that wait for the drain loop to end.
        var drainWaiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextDrainWaiter = 0
    }

    private enum Admission {
        case queued
        case queuedFirst
        case refused(any Error)
    }

    private let state = Mutex(State())
    private let store: any GroupCommit<Item, Outcome>
    private let executor: (any TaskExecutor)?

    /// The limits given at creation.
    public let limits: GroupCommitLimits

    /// Makes a committer. It takes no thread and no task until something is submitted.
    ///
    /// - Parameters:
    ///   - commit: The store. It is called for one batch at a time.
    ///   - limits: Bounds of the queue and of a batch.
    ///   - executor: Where the drain loop and with it `commit` runs; a ``BlockingThreadExecutor`` if commits block. `nil` is
    ///     Swift's global executor, which must not be blocked.
    public init(
        commit: some GroupCommit<Item, Outcome>,
        limits: GroupCommitLimits = GroupCommitLimits(),
        executor: (any TaskExecutor)? = nil
    ) {
        self.store = commit
        self.limits = limits
        self.executor = executor
    }

    /// Counts of work done, and of the items and octets waiting now.
    public var statistics: GroupCommitStatistics {
        self.state.withLock { state in
            var statistics = state.statistics
            statistics.queuedItems = state.queue.count
            statistics.queuedOctets = state.queue.octets
            return statistics
        }
    }

    /// Queues an item and waits until the store has committed or refused it.
    ///
    /// Cancelling the calling task withdraws an item that is still queued; it is then certain never to be stored. An item
    /// already in a batch is not cancelled: the call goes on waiting and returns its real outcome.
    ///
    /// - Parameters:
    ///   - item: What to store.
    ///   - octets: Its size in octets, counted against the limits. A negative size counts as 0.
    /// - Returns: What the store said about this item.
    /// - Throws: ``GroupCommitError/full`` or ``GroupCommitError/shutDown`` if the item never reached the store,
    ///   `CancellationError` if it was withdrawn, otherwise the error of the commit that decided about it.
    public func submit(_ item: Item, octets: Int) async throws -> Outcome {
        let submission = GroupSubmission<Item, Outcome>(
            item: item,
            octets: max(0, octets),
            eventLoop: MultiThreadedEventLoopGroup.currentEventLoop
        )
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.enqueue(submission, continuation)
            }
        } onCancel: {
            self.withdraw(submission)
        }
    }

    /// Stops accepting items and waits until all that is queued or being committed is done, at the latest until the
    /// deadline. What is still queued then fails with ``GroupCommitError/shutDown``; a commit still running is left to end
    /// by itself, and its items get their real outcome.
    ///
    /// - Parameter deadline: When to stop waiting.
    /// - Returns: The number of queued items that failed.
    @discardableResult
    public func shutdown(deadline: ContinuousClock.Instant) async -> Int {
        var timer: Task<Void, Never>?
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let waiter: Int? = self.state.withLock { state in
                state.isShutDown = true
                guard state.isDraining else { return nil }
                state.nextDrainWaiter += 1
                state.drainWaiters[state.nextDrainWaiter] = continuation
                return state.nextDrainWaiter
            }
            guard let waiter else {
                continuation.resume()
                return
            }
            // Not a task group: it would wait for a child that waits for the store.
            timer = Task.detached {
                try? await Task.sleep(until: deadline, clock: .continuous)
                self.state.withLock { $0.drainWaiters.removeValue(forKey: waiter) }?.resume()
            }
        }
        timer?.cancel()
        let left = self.state.withLock { $0.queue.takeAll() }
        self.fail(left.waiters, with: GroupCommitError.shutDown)
        return left.waiters.count
    }

    // MARK: - Queue

    private func enqueue(
        _ submission: GroupSubmission<Item, Outcome>,
        _ continuation: CheckedContinuation<Outcome, any Error>
    ) {
        let admission = self.state.withLock { state -> Admission in
            // Checked with the lock held: a cancellation handler that has come and gone before found nothing to withdraw,
            // and the flag it ran for is visible here.
            if Task.isCancelled { return .refused(CancellationError()) }
            if state.isShutDown { return .refused(GroupCommitError.shutDown) }
            guard state.queue.append(submission, limits: self.limits) else { return .refused(GroupCommitError.full) }
            submission.continuation = continuation
            if state.isDraining { return .queued }
            state.isDraining = true
            return .queuedFirst
        }
        switch admission {
        case .queued:
            break
        case .queuedFirst:
            // Detached: the loop serves everybody and must not inherit one session's task-local values or priority.
            Task.detached(executorPreference: self.executor) { await self.drain() }
        case .refused(let error):
            continuation.resume(throwing: error)
        }
    }

    private func withdraw(_ submission: GroupSubmission<Item, Outcome>) {
        let continuation = self.state.withLock { state in
            let continuation = state.queue.withdraw(submission)
            if continuation != nil { state.statistics.withdrawnItems += 1 }
            return continuation
        }
        continuation?.resume(throwing: CancellationError())
    }

    // MARK: - Drain loop

    private func drain() async {
        while let batch = self.nextBatch() {
            await self.commit(batch)
        }
    }

    /// The next batch, or `nil` when there is nothing left, and with that the drain loop has ended.
    private func nextBatch() -> GroupBatch<Item, Outcome>? {
        var drainWaiters: [Int: CheckedContinuation<Void, Never>] = [:]
        let batch = self.state.withLock { state -> GroupBatch<Item, Outcome>? in
            let batch = state.queue.takeBatch(limits: self.limits)
            guard batch.items.isEmpty else { return batch }
            state.isDraining = false
            swap(&drainWaiters, &state.drainWaiters)
            return nil
        }
        for waiter in drainWaiters.values {
            waiter.resume()
        }
        return batch
    }

    private func commit(_ batch: GroupBatch<Item, Outcome>) async {
        // The parts still to be committed, the next one last.
        var parts = [batch.items.indices]
        while let part = parts.popLast() {
            let waiters = batch.waiters[part]
            let items = part == batch.items.indices ? batch.items : Array(batch.items[part])
            do {
                let outcomes = try await self.store.commit(items)
                guard outcomes.count == items.count else {
                    throw CommitFailure.unknownOutcome(
                        GroupCommitError.outcomeCountMismatch(expected: items.count, returned: outcomes.count)
                    )
                }
                let committed = self.store.committedCount(of: outcomes)
                self.state.withLock { state in
                    state.statistics.committedBatches += 1
                    state.statistics.committedItems += committed
                    state.statistics.failedItems += items.count - committed
                    state.statistics.largestBatch = max(state.statistics.largestBatch, items.count)
                }
                GroupResumption.resume(waiters, with: outcomes.lazy.map { .success($0) })
            } catch let error as CommitFailure {
                switch error {
                case .store:
                    // The parts not tried yet belong to a batch that met a store in trouble: they fail with it.
                    let rest = parts.reversed().flatMap { batch.waiters[$0] }
                    parts = []
                    self.failCommit(waiters + rest, with: error)
                case .unknownOutcome:
                    self.failCommit(waiters, with: error)
                case .items:
                    self.splitOrFail(part, of: batch, into: &parts, error: error)
                }
            } catch {
                self.splitOrFail(part, of: batch, into: &parts, error: error)
            }
        }
    }

    private func splitOrFail(
        _ part: Range<Int>,
        of batch: GroupBatch<Item, Outcome>,
        into parts: inout [Range<Int>],
        error: any Error
    ) {
        guard part.count > 1 else {
            self.failCommit(batch.waiters[part], with: error)
            return
        }
        let middle = part.lowerBound + part.count / 2
        parts.append(middle..<part.upperBound)
        parts.append(part.lowerBound..<middle)
    }

    private func failCommit(_ waiters: some Collection<GroupWaiter<Outcome>>, with error: any Error) {
        self.state.withLock { $0.statistics.failedItems += waiters.count }
        self.fail(waiters, with: error)
    }

    private func fail(_ waiters: some Collection<GroupWaiter<Outcome>>, with error: any Error) {
        GroupResumption.resume(waiters, with: repeatElement(.failure(error), count: waiters.count))
    }
}
