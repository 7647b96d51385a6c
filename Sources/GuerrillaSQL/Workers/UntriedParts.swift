/// The parts of a batch that are still to be tried, while the items at fault are being looked for.
///
/// A part that fails is halved, so one bad item among 256 costs 16 more attempts, and 256 bad ones 510: two for each item at most. Where
/// failing takes its time, for a lock that is not given, every attempt with the bad item in it costs that time: such a part is taken
/// apart into single items at once, and what failing may cost altogether is bounded.
struct UntriedParts {
    /// A failure that took longer is too expensive to come back at every half.
    static let slow = Duration.milliseconds(100)

    private let patience: Duration
    /// The next one last.
    private var parts: [Range<Int>]
    /// Time that went into attempts that failed.
    private var wasted = Duration.zero

    /// - Parameters:
    ///   - count: Items in the batch.
    ///   - patience: How much time may go into attempts that fail.
    init(count: Int, patience: Duration) {
        self.patience = patience
        self.parts = [0..<count]
    }

    /// Whether so much time went into failures that no more is to be tried.
    var isOutOfPatience: Bool { self.wasted > self.patience }

    /// The next part, nil when there is none.
    mutating func next() -> Range<Int>? { self.parts.popLast() }

    /// Takes a part that has failed apart. A single item is left out: it is settled.
    mutating func failed(_ part: Range<Int>, after time: Duration) {
        self.wasted += time
        guard part.count > 1 else { return }
        if time > Self.slow {
            self.parts.append(contentsOf: part.reversed().map { $0..<$0 + 1 })
        } else {
            let middle = part.lowerBound + part.count / 2
            self.parts.append(middle..<part.upperBound)
            self.parts.append(part.lowerBound..<middle)
        }
    }
}
