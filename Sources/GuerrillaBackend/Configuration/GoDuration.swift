/// A length of time in the syntax of Go's `time.ParseDuration`, which `gw_save_timeout` and its like use.
///
/// A sequence of decimal numbers, each with an optional fraction and a unit, such as `30s`, `1m30s`, `1.5h` or `250ms`. The units are
/// `ns`, `us` (or `µs`), `ms`, `s`, `m` and `h`. A sign may stand in front; `0` needs no unit.
public struct GoDuration: Sendable, Hashable, LosslessStringConvertible {
    /// The length in nanoseconds.
    public var nanoseconds: Int64

    /// Makes a duration of `nanoseconds`.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Converts a `Duration`, dropping what is below a nanosecond. What does not fit (292 years) becomes the nearest that does.
    public init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        nanoseconds = overflow || carry ? (seconds < 0 ? .min : .max) : sum
    }

    /// Parses Go's syntax.
    ///
    /// - Returns: nil when `text` is no duration, or one longer than 292 years.
    public init?(_ text: String) {
        var rest = text.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") {
            rest.removeFirst()
        }
        guard !rest.isEmpty else { return nil }
        if rest.elementsEqual("0".utf8) {
            self.init(nanoseconds: 0)
            return
        }
        var total: UInt64 = 0
        while !rest.isEmpty {
            guard let part = Self.parsePart(&rest) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        guard total <= Int64.min.magnitude, isNegative || total < Int64.min.magnitude else { return nil }
        self.init(nanoseconds: isNegative ? Int64(truncatingIfNeeded: 0 &- total) : Int64(total))
    }

    /// The same length as a `Duration`.
    public var duration: Duration {
        .nanoseconds(nanoseconds)
    }

    /// One number with its unit, in nanoseconds; nil when it is malformed or too large.
    private static func parsePart(_ rest: inout Substring.UTF8View) -> UInt64? {
        var whole: UInt64 = 0
        var digits = 0
        while let digit = rest.first.flatMap(Self.digit) {
            let (product, overflow) = whole.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            whole = sum
            digits += 1
            rest.removeFirst()
        }
        var fraction: UInt64 = 0
        var scale: UInt64 = 1
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            while let digit = rest.first.flatMap(Self.digit) {
                // Digits past the nineteenth are far below a nanosecond of any unit.
                if scale <= 1_000_000_000_000_000_000 {
                    fraction = fraction * 10 + digit
                    scale *= 10
                }
                digits += 1
                rest.removeFirst()
            }
        }
        guard digits > 0 else { return nil }
        let unitText = rest.prefix { digit($0) == nil && $0 != UInt8(ascii: ".") }
        guard let unit = units.first(where: { unitText.elementsEqual($0.name.utf8) })?.nanoseconds else { return nil }
        rest.removeFirst(unitText.count)
        let (wholePart, overflow) = whole.multipliedReportingOverflow(by: unit)
        // In floating point as Go does it, so that 0.3333333333333333333h is 20 minutes. It is at most `unit`, far from an overflow.
        let fractionPart = UInt64(Double(fraction) * (Double(unit) / Double(scale)))
        let (sum, carry) = wholePart.addingReportingOverflow(fractionPart)
        return overflow || carry ? nil : sum
    }

    private static func digit(_ octet: UInt8) -> UInt64? {
        octet >= UInt8(ascii: "0") && octet <= UInt8(ascii: "9") ? UInt64(octet &- UInt8(ascii: "0")) : nil
    }

    private static let units: [(name: String, nanoseconds: UInt64)] = [
        ("ns", 1), ("us", 1000), ("\u{B5}s", 1000), ("\u{3BC}s", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]
}

extension GoDuration: CustomStringConvertible {
    /// As Go prints it: `1m30s`, `1.5s`, `250ms`, `1h0m0s`, `0s`.
    public var description: String {
        let magnitude = nanoseconds.magnitude
        let sign = nanoseconds < 0 ? "-" : ""
        switch magnitude {
        case 0: return "0s"
        case ..<1000: return "\(sign)\(magnitude)ns"
        case ..<1_000_000: return "\(sign)\(Self.decimal(magnitude, scale: 1000))µs"
        case ..<1_000_000_000: return "\(sign)\(Self.decimal(magnitude, scale: 1_000_000))ms"
        default: break
        }
        let minutes = magnitude / 60_000_000_000
        var text = Self.decimal(magnitude % 60_000_000_000, scale: 1_000_000_000) + "s"
        if minutes > 0 {
            text = "\(minutes % 60)m" + text
        }
        if minutes >= 60 {
            text = "\(minutes / 60)h" + text
        }
        return sign + text
    }

    /// `value / scale` without trailing zeros; `scale` is a power of ten.
    private static func decimal(_ value: UInt64, scale: UInt64) -> String {
        var fraction = value % scale
        guard fraction > 0 else { return "\(value / scale)" }
        var digits = String(scale + fraction).dropFirst()
        while fraction % 10 == 0 {
            fraction /= 10
            digits.removeLast()
        }
        return "\(value / scale).\(digits)"
    }
}
