import Testing

@testable import GuerrillaRedis

struct BackOffTests {
    @Test func pausesGrowUpToTwoSeconds() {
        var backOff = BackOff()
        var delays: [Duration] = []
        var waits: [Bool] = []
        for _ in 0..<2_000 {
            delays.append(backOff.delay)
            waits.append(backOff.isWorthWaiting)
            backOff.failed()
        }
        #expect(delays[..<5] == [.zero, .milliseconds(20), .milliseconds(40), .milliseconds(80), .milliseconds(160)])
        #expect(delays.last == .seconds(2))
        #expect(waits[..<3] == [true, true, false])
        backOff.worked()
        #expect(backOff.delay == .zero)
    }
}
