import GuerrillaTestSupport
import Synchronization
import Testing

@testable import Guerrilla

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct SpareThreadsTests {
    @Test func aThreadRunsItsBodyOnce() async {
        let runs = Atomic(0)
        #expect(SystemThread.start { runs.wrappingAdd(1, ordering: .relaxed) })
        #expect(await eventually { runs.load(ordering: .relaxed) == 1 })
    }

    @Test func threadsAreThereUntilTheyAreReleased() async throws {
        let spare = try #require(SpareThreads(3))
        spare.release()
        spare.release()
        for _ in 0..<100 { #expect(SpareThreads(3) != nil) }
    }

    #if os(Linux)
    @Test func thereIsNothingToSayWhereThereIsEnough() {
        #expect(Preflight.problem() == nil)
        #expect(ThreadLimit.problem(starting: 10) == nil && OpenFileLimit.problem(opening: 10) == nil)
    }
    #endif
}
