public import NIOCore

/// A moment with the zone it is to be shown in: the date-time of mail. (RFC 5322 § 3.3)
///
/// Years 0 to 9999 can be written; moments outside are moved to the nearest end.
public struct MailDate: Sendable, Hashable {
    /// Seconds since 1970-01-01 00:00:00 UTC, leap seconds not counted.
    public let unixSeconds: Int

    /// Seconds that local time is ahead of UTC; a whole number of minutes, at most 99 hours 59 minutes either way.
    public let zoneOffsetSeconds: Int

    /// Makes a date.
    ///
    /// - Parameters:
    ///   - unixSeconds: Seconds since 1970-01-01 00:00:00 UTC. Moved so that the local year is one of 0 to 9999.
    ///   - zoneOffsetSeconds: Seconds that local time is ahead of UTC. Cut to whole minutes, because the zone has
    ///     no seconds, and to 99 hours 59 minutes.
    public init(unixSeconds: Int, zoneOffsetSeconds: Int = 0) {
        let zone = min(max(zoneOffsetSeconds, -Self.largestZone), Self.largestZone)
        self.zoneOffsetSeconds = zone - zone % 60
        let earliest = CivilDate.firstDayNumber * 86_400 - self.zoneOffsetSeconds
        let latest = CivilDate.lastDayNumber * 86_400 + 86_399 - self.zoneOffsetSeconds
        self.unixSeconds = min(max(unixSeconds, earliest), latest)
    }

    private static let largestZone = (99 * 60 + 59) * 60

    /// The date in the form of RFC 5322 § 3.3, 31 octets: `Sat, 21 Nov 2026 08:06:48 +0000`.
    public var rfc5322: String {
        String(unsafeUninitializedCapacity: Self.rfc5322Length) { fillRFC5322(UnsafeMutableRawBufferPointer($0)) }
    }

    /// The date in the form of RFC 3339, 20 or 25 octets: `2026-11-21T08:06:48Z` or `2026-11-21T10:06:48+02:00`.
    public var rfc3339: String {
        String(unsafeUninitializedCapacity: 25) { buffer in
            let (date, time) = local
            var digits = DigitWriter(UnsafeMutableRawBufferPointer(buffer))
            digits.put(number: date.year, width: 4)
            digits.put("-")
            digits.put(number: date.month, width: 2)
            digits.put("-")
            digits.put(number: date.day, width: 2)
            digits.put("T")
            digits.put(timeOfDay: time)
            if zoneOffsetSeconds == 0 {
                digits.put("Z")
            } else {
                digits.put(zone: zoneOffsetSeconds, separator: ":")
            }
            return digits.count
        }
    }

    /// Appends the form of RFC 5322 § 3.3 to a buffer, without making a string.
    public func writeRFC5322(into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.rfc5322Length) { fillRFC5322($0) }
    }

    private static let rfc5322Length = 31

    /// Local date and second of the day.
    private var local: (date: CivilDate, secondOfDay: Int) {
        // Both are bounded by the initialiser.
        let seconds = unixSeconds + zoneOffsetSeconds
        var day = seconds / 86_400
        if seconds % 86_400 < 0 { day -= 1 }
        return (CivilDate(dayNumber: day), seconds - day * 86_400)
    }

    /// Writes ``rfc5322Length`` octets.
    private func fillRFC5322(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let (date, time) = local
        var digits = DigitWriter(buffer)
        digits.put(part: date.dayOfWeek, of: "SunMonTueWedThuFriSat")
        digits.put(", ")
        digits.put(number: date.day, width: 2)
        digits.put(" ")
        digits.put(part: date.month - 1, of: "JanFebMarAprMayJunJulAugSepOctNovDec")
        digits.put(" ")
        digits.put(number: date.year, width: 4)
        digits.put(" ")
        digits.put(timeOfDay: time)
        digits.put(" ")
        digits.put(zone: zoneOffsetSeconds, separator: "")
        return digits.count
    }
}

extension MailDate: CustomStringConvertible {
    /// The form of RFC 5322 § 3.3.
    public var description: String { rfc5322 }
}

/// Fills a small buffer of known size with fixed-width text.
private struct DigitWriter {
    private let buffer: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ buffer: UnsafeMutableRawBufferPointer) {
        self.buffer = buffer
    }

    mutating func put(_ octet: UInt8) {
        precondition(count < buffer.count, "the buffer for a date is too small")
        buffer[count] = octet
        count += 1
    }

    mutating func put(_ text: StaticString) {
        text.withUTF8Buffer { for octet in $0 { put(octet) } }
    }

    /// The three letters that stand at `3 × part` in `names`.
    mutating func put(part: Int, of names: StaticString) {
        names.withUTF8Buffer { for index in 0..<3 { put($0[part * 3 + index]) } }
    }

    /// The last `width` decimal digits.
    mutating func put(number: Int, width: Int) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }

    mutating func put(timeOfDay seconds: Int) {
        put(number: seconds / 3600, width: 2)
        put(":")
        put(number: seconds / 60 % 60, width: 2)
        put(":")
        put(number: seconds % 60, width: 2)
    }

    mutating func put(zone seconds: Int, separator: StaticString) {
        put(seconds < 0 ? "-" : "+")
        let minutes = abs(seconds) / 60
        put(number: minutes / 60, width: 2)
        put(separator)
        put(number: minutes % 60, width: 2)
    }
}
