import Testing

@testable import GuerrillaSQL

@Suite struct UntriedPartsTests {
    /// Tries all parts; those with an item at fault fail and take their time.
    private func attempts(
        count: Int,
        bad: Set<Int>,
        time: Duration = .zero,
        patience: Duration = .seconds(1)
    ) -> [Range<Int>] {
        var parts = UntriedParts(count: count, patience: patience)
        var attempts: [Range<Int>] = []
        while !parts.isOutOfPatience, let part = parts.next() {
            attempts.append(part)
            if !bad.isDisjoint(with: part) { parts.failed(part, after: time) }
        }
        return attempts
    }

    @Test func whatHoldsNoBadItemIsTriedOnce() {
        #expect(self.attempts(count: 256, bad: []) == [0..<256])
    }

    @Test(arguments: [0, 1, 100, 255])
    func oneBadItemCostsTheSizeInBits(bad: Int) {
        let attempts = self.attempts(count: 256, bad: [bad])
        #expect(attempts.count == 17)
        #expect(attempts.contains(bad..<bad + 1))
    }

    @Test func badItemsCostTwoAttemptsEachAtMost() {
        #expect(self.attempts(count: 256, bad: Set(0..<256)).count == 511)
        #expect(self.attempts(count: 3, bad: Set(0..<3)).count == 5)
    }

    @Test func aPartThatFailsSlowlyIsTakenApartAtOnce() {
        let attempts = self.attempts(count: 5, bad: [3], time: .milliseconds(101))
        #expect(attempts == [0..<5, 0..<1, 1..<2, 2..<3, 3..<4, 4..<5])
    }

    @Test func patienceIsOverWhenFailuresHaveTakenTooLong() {
        let slow = self.attempts(count: 5, bad: Set(0..<5), time: .milliseconds(400))
        #expect(slow == [0..<5, 0..<1, 1..<2])
        let fast = self.attempts(count: 256, bad: Set(0..<256), time: .milliseconds(1))
        #expect(fast.count == 511)
    }
}
