import Foundation
import GuerrillaBackend
import NIOCore
import NIOPosix
import Testing

struct OffloadTests {
    private struct Broken: Error {}

    /// Calls `offload` from an event loop and says whether the work and what comes after it were done on that loop.
    private func onLoop(octets: Int, nanosecondsPerOctet: Int = 2) async throws -> (work: Bool, after: Bool) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let outcome = try await Task(executorPreference: EventLoopTaskExecutor(loop)) {
            let work = try await offload(octets: octets, nanosecondsPerOctet: nanosecondsPerOctet) { loop.inEventLoop }
            return (work, loop.inEventLoop)
        }.value
        try await group.shutdownGracefully()
        return outcome
    }

    @Test func smallWorkIsDoneAtOnceAndLargeWorkElsewhere() async throws {
        #expect(try await self.onLoop(octets: 0) == (true, true))
        #expect(try await self.onLoop(octets: 65_536) == (true, true))
        #expect(try await self.onLoop(octets: 65_537) == (false, true))
    }

    @Test func dearWorkIsDoneElsewhereHoweverSmall() async throws {
        #expect(try await self.onLoop(octets: 1_310, nanosecondsPerOctet: 100) == (true, true))
        #expect(try await self.onLoop(octets: 1_311, nanosecondsPerOctet: 100) == (false, true))
        #expect(try await self.onLoop(octets: .max, nanosecondsPerOctet: .max) == (false, true))
        #expect(try await self.onLoop(octets: 1, nanosecondsPerOctet: 0) == (true, true))
    }

    @Test func cancelledWorkEndsWhereItLooks() async {
        let begun = DispatchSemaphore(value: 0)
        let task = Task {
            try await offload(octets: 1_000_000) { work in
                begun.signal()
                while true { try work.checkCancellation() }
            }
        }
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                begun.wait()
                continuation.resume()
            }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test(arguments: [1, 1_000_000])
    func errorsComeBack(octets: Int) async {
        await #expect(throws: Broken.self) { try await offload(octets: octets) { () throws -> Void in throw Broken() } }
    }

    @Test func cancelledLargeWorkDoesNotBegin() async {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            _ = try await offload(octets: 1_000_000) { Issue.record("it began") }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
