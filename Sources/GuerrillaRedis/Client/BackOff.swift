/// How long to wait between attempts to connect.
struct BackOff: Sendable {
    /// Failures since something last worked.
    private(set) var failures = 0

    /// Whether a message waits for the attempt being made: one connection that has ended means little, two attempts that failed do.
    var isWorthWaiting: Bool { self.failures < 2 }

    /// Before the next attempt: 0, then from 20 ms to 2 s.
    var delay: Duration {
        guard self.failures > 0 else { return .zero }
        return min(.milliseconds(20 << min(self.failures - 1, 10)), .seconds(2))
    }

    mutating func failed() {
        self.failures = min(self.failures + 1, 1_000)
    }

    mutating func worked() {
        self.failures = 0
    }
}
