import Synchronization
import Testing

@testable import GuerrillaBackend

struct GroupQueueTests {
    @Test func withdrawnPlacesDoNotPileUp() async throws {
        let limits = GroupCommitLimits()
        // Continuations are real ones, each resumed by its withdrawal or below.
        let queue = LockedQueue()
        let first = GroupSubmission<Int, Int>(item: -1, octets: 1, eventLoop: nil)
        let keeper = Task { try await queue.wait(first, limits) }
        while queue.count < 1 { await Task.yield() }
        for item in 0..<10_000 {
            let submission = GroupSubmission<Int, Int>(item: item, octets: 1, eventLoop: nil)
            let task = Task { try await queue.wait(submission, limits) }
            while queue.count < 2 { await Task.yield() }
            queue.withdraw(submission)
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(submission.item == nil)
        }
        #expect(queue.placeCount <= 70)
        #expect(queue.count == 1)
        let batch = queue.takeAll()
        #expect(batch.items == [-1])
        batch.waiters[0].continuation.resume(returning: 5)
        #expect(try await keeper.value == 5)
    }
}

private final class LockedQueue: Sendable {
    private let queue = Mutex(GroupQueue<Int, Int>())

    var count: Int { self.queue.withLock { $0.count } }
    var placeCount: Int { self.queue.withLock { $0.placeCount } }

    func wait(_ submission: GroupSubmission<Int, Int>, _ limits: GroupCommitLimits) async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            self.queue.withLock { queue in
                let added = queue.append(submission, limits: limits)
                #expect(added)
                submission.continuation = continuation
            }
        }
    }

    func withdraw(_ submission: GroupSubmission<Int, Int>) {
        self.queue.withLock { $0.withdraw(submission) }?.resume(throwing: CancellationError())
    }

    func takeAll() -> GroupBatch<Int, Int> {
        self.queue.withLock { $0.takeAll() }
    }
}
