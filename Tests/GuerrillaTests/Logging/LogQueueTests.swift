import Logging
import Testing

@testable import Guerrilla

struct LogQueueTests {
    private func entry(_ number: Int) -> LogEntry {
        .line(level: .info, message: "\(number)", metadata: [], microseconds: Int64(number))
    }

    private func numbers(_ batch: LogQueue.Batch?) -> [Int64]? {
        batch?.entries.map(\.microseconds)
    }

    @Test func writerIsWokenOnceUntilItHasSeenTheQueueEmpty() {
        var queue = LogQueue(capacity: 10)
        let wakes = [queue.append(self.entry(1)), queue.append(self.entry(2))]
        let first = queue.takeAll()
        // The writer is at these two and will look again.
        let wakesWhileWriting = queue.append(self.entry(3))
        let second = queue.takeAll()
        let third = queue.takeAll()
        let wakesAfterwards = queue.append(self.entry(4))
        #expect(wakes == [true, false])
        #expect(self.numbers(first) == [1, 2])
        #expect(!wakesWhileWriting)
        #expect(self.numbers(second) == [3])
        #expect(self.numbers(third) == nil)
        #expect(wakesAfterwards)
    }

    @Test func newestAreDroppedAndCountedOnce() {
        var queue = LogQueue(capacity: 3)
        for number in 1...5 { _ = queue.append(self.entry(number)) }
        let batch = queue.takeAll()
        #expect(self.numbers(batch) == [1, 2, 3])
        #expect(batch?.dropped == 2)
        _ = queue.append(self.entry(6))
        let next = queue.takeAll()
        #expect(self.numbers(next) == [6])
        #expect(next?.dropped == 0)
    }

    @Test func closedQueueOnlyEmpties() {
        var queue = LogQueue(capacity: 3)
        _ = queue.append(self.entry(1))
        queue.close()
        let wakes = queue.append(self.entry(2))
        let rest = queue.takeAll()
        let wakesAfterwards = queue.append(self.entry(3))
        let nothing = queue.takeAll()
        #expect(!wakes && !wakesAfterwards)
        #expect(self.numbers(rest) == [1])
        #expect(self.numbers(nothing) == nil)
    }

    @Test func requestsKeepTheirPlaceAmongTheEntries() throws {
        var queue = LogQueue(capacity: 2)
        let wakes = [queue.append(.format(.json)), queue.append(self.entry(1)), queue.append(self.entry(2))]
        // There is no room for an entry any more, but for a request.
        _ = queue.append(self.entry(3))
        let wakesWhileWriting = queue.append(.format(.text))
        let taken = queue.takeAll()
        let batch = try #require(taken)
        let nothing = queue.takeAll()
        queue.close()
        let isHeard = queue.append(.format(.json))
        #expect(wakes == [true, false, false])
        #expect(wakesWhileWriting == false)
        #expect(batch.requests.map(\.position) == [0, 2])
        #expect(batch.dropped == 1)
        #expect(nothing == nil)
        #expect(isHeard == nil)
    }
}
