import NIOCore
import Testing

@testable import GuerrillaServer

struct DataRateTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func everyWindowIsJudgedByItself() {
        var rate = DataRate(minimum: 100, window: .seconds(10))
        rate.begin(at: self.start)
        #expect(rate.windowEnd == self.start + .seconds(10))
        rate.octetsArrived(1_000_000)
        #expect(rate.isTooSlow(at: self.start + .seconds(9)) == false)
        #expect(rate.isTooSlow(at: self.start + .seconds(10)) == false)
        #expect(rate.windowEnd == self.start + .seconds(20))
        rate.octetsArrived(999)
        rate.octetsArrived(1)
        #expect(rate.isTooSlow(at: self.start + .seconds(20)) == false)
        rate.octetsArrived(999)
        #expect(rate.isTooSlow(at: self.start + .seconds(30)) == true)
    }

    @Test func theNextMessageBeginsAnew() {
        var rate = DataRate(minimum: 1, window: .seconds(10))
        rate.begin(at: self.start)
        rate.begin(at: self.start + .seconds(9))
        #expect(rate.isTooSlow(at: self.start + .seconds(18)) == false)
        #expect(rate.isTooSlow(at: self.start + .seconds(19)) == true)
    }

    @Test func withoutAMinimumNothingIsTooSlow() {
        var rate = DataRate(minimum: 0, window: .seconds(10))
        rate.begin(at: self.start)
        #expect(rate.windowEnd == .distantFuture)
        #expect(rate.isTooSlow(at: self.start + .hours(1)) == false)
    }

    @Test func extremesAreNoTrouble() {
        for minimum in [Int.max, .min, -1] {
            var rate = DataRate(minimum: minimum, window: .seconds(10))
            rate.begin(at: self.start)
            rate.octetsArrived(.max)
            rate.octetsArrived(.max)
            _ = rate.isTooSlow(at: self.start + .seconds(10))
        }
    }
}
