import GuerrillaBackend
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@Suite(.timeLimit(.minutes(10)))
struct BlockingThreadExecutorTests {
    @Test func jobsOfATaskStayOnTheThread() async {
        let executor = BlockingThreadExecutor()
        let threads = await Task(executorPreference: executor) {
            var threads: Set<UInt> = []
            for _ in 0..<100 {
                threads.insert(UInt(pthread_self()))
                await Task.yield()
            }
            return threads
        }.value
        #expect(threads.count == 1)
        await executor.shutdown()
    }

    @Test func jobsEnqueuedAfterShutdownRunNevertheless() async {
        let executor = BlockingThreadExecutor()
        await executor.shutdown()
        await executor.shutdown()
        let value = await Task(executorPreference: executor) {
            await Task.yield()
            return 42
        }.value
        #expect(value == 42)
    }

    @Test func aTaskSuspendedAcrossTheShutdownEnds() async {
        let executor = BlockingThreadExecutor()
        let gate = Gate()
        let task = Task(executorPreference: executor) {
            await gate.pass()
            return 1
        }
        await gate.visited()
        await executor.shutdown()
        gate.open()
        #expect(await task.value == 1)
    }

    @Test func anExecutorMayGoAwayOnItsOwnThread() async {
        let task: Task<Int, Never>
        do {
            let executor = BlockingThreadExecutor()
            task = Task(executorPreference: executor) { 7 }
        }
        #expect(await task.value == 7)
    }
}
