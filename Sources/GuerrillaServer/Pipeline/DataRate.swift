import NIOCore

/// How fast the octets of one message arrive.
///
/// The time from 354, or from the first BDAT, on is cut into windows of equal length. A window in which fewer octets
/// arrived than the rate asks for is one too slow: what came faster before does not count, so nobody can send most of a
/// message at once and then an octet at a time. The last window, that of the end of data, is not judged.
struct DataRate {
    private let window: TimeAmount
    private let octetsPerWindow: Int
    private var octets = 0
    /// When to ask ``isTooSlow(at:)``; never if there is no minimum.
    private(set) var windowEnd = NIODeadline.distantFuture

    /// - Parameters:
    ///   - minimum: Octets per second; 0 for no minimum.
    ///   - window: The length of a window.
    init(minimum: Int, window: Duration) {
        self.window = TimeAmount(window)
        let (product, overflow) = minimum.multipliedReportingOverflow(
            by: Int(self.window.nanoseconds / TimeAmount.milliseconds(1).nanoseconds)
        )
        self.octetsPerWindow = overflow ? .max : product / 1_000
    }

    /// A message begins.
    mutating func begin(at now: NIODeadline) {
        guard self.octetsPerWindow > 0 else { return }
        self.octets = 0
        self.windowEnd = now + self.window
    }

    /// No message is arriving any more.
    mutating func end() {
        self.windowEnd = .distantFuture
    }

    mutating func octetsArrived(_ count: Int) {
        self.octets &+= count
    }

    /// Judges the window that has ended by `now`, if one has, and begins the next.
    mutating func isTooSlow(at now: NIODeadline) -> Bool {
        guard self.windowEnd <= now else { return false }
        let isTooSlow = self.octets < self.octetsPerWindow
        self.begin(at: now)
        return isTooSlow
    }
}
