extension MailDate {
    /// The date as C's `ctime` has it, in UTC and without its end of line: `Sat Nov 21 08:06:48 2026`.
    package var ctime: String {
        var text = Array(MailDate(unixSeconds: self.unixSeconds).rfc5322.utf8)
        // Sat, 21 Nov 2026 08:06:48 +0000; a day of one digit has a space before it.
        if text[5] == UInt8(ascii: "0") { text[5] = UInt8(ascii: " ") }
        let parts = [text[0..<3], text[8..<11], text[5..<7], text[17..<25], text[12..<16]]
        return parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    }

    /// Reads a date as people give it to a command: `2026-11-21`, or the form of RFC 3339, `2026-11-21T08:06:48Z` or
    /// `2026-11-21 10:06+02:00`. Without a zone it is in UTC; without a time, midnight.
    ///
    /// - Returns: nil when it is none.
    package init?(text: String) {
        var reader = DigitReader(rest: text.utf8[...])
        guard let year = reader.number(width: 4), reader.skip("-"), let month = reader.number(width: 2),
            reader.skip("-"),
            let day = reader.number(width: 2), let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        var seconds = date.dayNumber * 86_400
        if !reader.rest.isEmpty {
            guard reader.skip("T") || reader.skip("t") || reader.skip(" "), let hour = reader.number(width: 2),
                hour < 24,
                reader.skip(":"), let minute = reader.number(width: 2), minute < 60
            else { return nil }
            seconds += hour * 3_600 + minute * 60
            if reader.skip(":") {
                guard let second = reader.number(width: 2), second < 61 else { return nil }
                seconds += second
            }
            if reader.skip("Z") || reader.skip("z") || reader.rest.isEmpty {
                // UTC
            } else {
                let isAhead = reader.skip("+")
                guard isAhead || reader.skip("-"), let hours = reader.number(width: 2), hours < 24, reader.skip(":"),
                    let minutes = reader.number(width: 2), minutes < 60
                else { return nil }
                seconds += (hours * 3_600 + minutes * 60) * (isAhead ? -1 : 1)
            }
        }
        guard reader.rest.isEmpty else { return nil }
        self.init(unixSeconds: seconds)
    }
}

/// Takes numbers of fixed width off the beginning of a text.
private struct DigitReader {
    var rest: Substring.UTF8View

    mutating func number(width: Int) -> Int? {
        var number = 0
        for _ in 0..<width {
            guard let octet = self.rest.popFirst(), octet >= UInt8(ascii: "0"), octet <= UInt8(ascii: "9") else {
                return nil
            }
            number = number * 10 + Int(octet - UInt8(ascii: "0"))
        }
        return number
    }

    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard self.rest.first == UInt8(ascii: scalar) else { return false }
        self.rest.removeFirst()
        return true
    }
}
