import GuerrillaBackend
import NIOCore
import NIOPosix
import Testing

struct EventLoopTaskExecutorTests {
    @Test func aTaskThatOutlivesItsLoopComesToItsEnd() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let executor = EventLoopTaskExecutor(loop)
        let (answers, answer) = AsyncStream.makeStream(of: Void.self)
        let (beginnings, begun) = AsyncStream.makeStream(of: Bool.self)
        let task = Task(executorPreference: executor) {
            begun.yield(loop.inEventLoop)
            for await _ in answers {}
            return loop.inEventLoop
        }
        for await isOnLoop in beginnings {
            #expect(isOnLoop)
            break
        }
        executor.shutdown()
        try await group.shutdownGracefully()
        answer.finish()
        #expect(await task.value == false)
        // So does one that begins only now.
        #expect(await Task(executorPreference: executor) { loop.inEventLoop }.value == false)
    }
}
