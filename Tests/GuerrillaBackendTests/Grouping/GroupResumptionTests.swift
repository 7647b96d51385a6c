import NIOCore
import NIOPosix
import Testing

@testable import GuerrillaBackend

@Suite(.timeLimit(.minutes(10)))
struct GroupResumptionTests {
    private func resume(_ values: [Int], loops: [(any EventLoop)?]) async throws -> [Int] {
        try await withThrowingTaskGroup(of: (Int, Int).self) { tasks in
            let (stream, arrivals) = AsyncStream.makeStream(of: (Int, GroupWaiter<Int>).self)
            for (index, loop) in loops.enumerated() {
                tasks.addTask {
                    let value: Int = try await withCheckedThrowingContinuation { continuation in
                        arrivals.yield((index, GroupWaiter(continuation: continuation, eventLoop: loop)))
                    }
                    return (index, value)
                }
            }
            var waiters: [(Int, GroupWaiter<Int>)] = []
            for await waiter in stream {
                waiters.append(waiter)
                if waiters.count == loops.count { break }
            }
            waiters.sort { $0.0 < $1.0 }
            GroupResumption.resume(waiters.map(\.1), with: values.map { .success($0) })
            return try await tasks.reduce(into: Array(repeating: -1, count: loops.count)) { $0[$1.0] = $1.1 }
        }
    }

    @Test func everyWaiterGetsTheResultAtItsIndex() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let (a, b) = (group.next(), group.next())
        #expect(try await self.resume([1, 2, 3, 4, 5], loops: [a, b, nil, a, b]) == [1, 2, 3, 4, 5])
        try await group.shutdownGracefully()
    }

    @Test func waitersOfALoopThatHasShutDownAreResumed() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        try await group.shutdownGracefully()
        #expect(try await self.resume([1, 2], loops: [loop, loop]) == [1, 2])
    }
}
