import GuerrillaBackend
import Synchronization

/// Several connections that work at the same time, each with a queue of its own.
///
/// An item goes to the connection that has least to do, so a single session finds the same one again and again, and what
/// many sessions bring is grouped on each of them.
final class SQLWorkers<Item: Sendable, Outcome: Sendable>: Sendable {
    private let workers: [SQLWorker<Item, Outcome>]
    private let committers: [GroupCommitter<Item, SQLWorker<Item, Outcome>.Answer>]
    private let threads: BlockingThreadExecutor
    /// Items submitted to each worker and not answered yet.
    private let load: Mutex<[Int]>

    init(_ workers: [SQLWorker<Item, Outcome>], limits: GroupCommitLimits) {
        let threads = BlockingThreadExecutor(threads: workers.count)
        self.workers = workers
        self.committers = workers.map { GroupCommitter(commit: $0, limits: limits, executor: threads) }
        self.threads = threads
        self.load = Mutex(Array(repeating: 0, count: workers.count))
    }

    /// Opens the first connection, to see that it can be done.
    /// - Returns: What the operator should know about the database.
    /// - Throws: ``SQLFailure``.
    func open() async throws -> [String] {
        try await Task(executorPreference: self.threads) { [workers] in try workers[0].open() }.value
    }

    /// What the committers have done together.
    var statistics: [GroupCommitStatistics] { self.committers.map(\.statistics) }

    /// See ``GroupCommitter/submit(_:octets:)``.
    /// - Throws: What that throws, and ``SQLFailure`` for what the database says.
    func submit(_ item: Item, octets: Int) async throws -> Outcome {
        let index = self.take()
        defer { self.load.withLock { $0[index] -= 1 } }
        return try await self.committers[index].submit(item, octets: octets).get()
    }

    private func take() -> Int {
        // One that cannot reach the database fails at once, and would draw everything to itself.
        let resting = self.workers.map(\.isResting)
        return self.load.withLock { load in
            let awake = load.indices.filter { !resting[$0] }
            let index = (awake.isEmpty ? Array(load.indices) : awake).min { load[$0] < load[$1] } ?? 0
            load[index] += 1
            return index
        }
    }

    /// Commits what is queued, as far as the deadline allows, and closes the connections.
    func shutdown(deadline: ContinuousClock.Instant) async {
        await withTaskGroup { group in
            for committer in self.committers {
                group.addTask { await committer.shutdown(deadline: deadline) }
            }
            for await _ in group {}
        }
        // What still runs holds its connection; closing waits for it on a thread where that disturbs nobody.
        for worker in self.workers {
            await Task(executorPreference: self.threads) { worker.close() }.value
        }
        await self.threads.shutdown()
    }
}
