extension MailDate {
    /// Reads the date-time of a header field. (RFC 5322 § 3.3, § 4.3)
    ///
    /// Tolerated: comments, no day of the week or a wrong one, one-digit days and hours, hyphens between day, month
    /// and year, years of two digits (00 to 49 are 2000 to 2049) and three (from 1900), no seconds, second 60,
    /// month names in full, a zone written `+02:00` or `GMT+0200`, text after the zone. Zone names other than UT,
    /// GMT and the North American ones, and a missing zone, count as UTC, as § 4.3 wants it for the military letters.
    ///
    /// - Parameter text: An unfolded field body.
    /// - Returns: The date, or nil when the text is not one or the date does not exist.
    public static func parse(_ text: String) -> MailDate? {
        var scanner = DateScanner(Array(text.utf8))
        return scanner.dateTime()
    }
}

/// Reads the tokens of a date-time from left to right.
private struct DateScanner {
    private let octets: [UInt8]
    private var position = 0

    init(_ octets: [UInt8]) {
        self.octets = octets
    }

    mutating func dateTime() -> MailDate? {
        skipWhiteSpaceAndComments()
        if current?.isASCIILetter == true {
            _ = word()
            skipSeparators(UInt8(ascii: ","))
        }
        guard let day = number(maximumDigits: 2)?.value else { return nil }
        skipSeparators(.hyphen)
        guard let month = month(word()) else { return nil }
        skipSeparators(.hyphen)
        guard let year = number(maximumDigits: 4) else { return nil }
        guard let date = CivilDate(year: fullYear(year), month: month, day: day) else { return nil }
        guard let time = timeOfDay() else { return nil }
        let zone = zone()
        // Bounded: the year by its four digits, the zone by its two pairs of digits.
        return MailDate(unixSeconds: date.dayNumber * 86_400 + time - zone, zoneOffsetSeconds: zone)
    }

    private func fullYear(_ year: (value: Int, digits: Int)) -> Int {
        switch year.digits {
        case 4: year.value
        case 3: year.value + 1900
        default: year.value < 50 ? year.value + 2000 : year.value + 1900
        }
    }

    /// Seconds since midnight.
    private mutating func timeOfDay() -> Int? {
        skipWhiteSpaceAndComments()
        guard let hour = number(maximumDigits: 2)?.value, hour < 24 else { return nil }
        skipWhiteSpaceAndComments()
        guard take(.colon) else { return nil }
        skipWhiteSpaceAndComments()
        guard let minute = number(maximumDigits: 2)?.value, minute < 60 else { return nil }
        skipWhiteSpaceAndComments()
        guard take(.colon) else { return hour * 3600 + minute * 60 }
        skipWhiteSpaceAndComments()
        guard let second = number(maximumDigits: 2)?.value, second <= 60 else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    /// Seconds ahead of UTC.
    private mutating func zone() -> Int {
        skipWhiteSpaceAndComments()
        let name = current?.isASCIILetter == true ? word() : ""
        if let offset = numericZone() { return offset }
        let hours =
            switch name {
            case "edt": -4
            case "est", "cdt": -5
            case "cst", "mdt": -6
            case "mst", "pdt": -7
            case "pst": -8
            default: 0
            }
        return hours * 3600
    }

    private mutating func numericZone() -> Int? {
        let sign: Int
        switch current {
        case UInt8(ascii: "+"): sign = 1
        case .hyphen: sign = -1
        default: return nil
        }
        position += 1
        guard let hours = number(exactDigits: 2) else { return nil }
        _ = take(.colon)
        guard let minutes = number(exactDigits: 2), minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }

    private func month(_ word: String) -> Int? {
        let names = [
            "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
            "november", "december",
        ]
        guard word.utf8.count >= 3 else { return nil }
        return names.firstIndex { $0.hasPrefix(word) }.map { $0 + 1 }
    }

    private var current: UInt8? {
        position < octets.count ? octets[position] : nil
    }

    private mutating func take(_ octet: UInt8) -> Bool {
        guard current == octet else { return false }
        position += 1
        return true
    }

    /// The letters at this place in lower case.
    private mutating func word() -> String {
        let start = position
        while let octet = current, octet.isASCIILetter { position += 1 }
        return String(decoding: octets[start..<position].map(\.asciiLowercased), as: UTF8.self)
    }

    /// A run of one to `maximumDigits` digits; a longer one is none.
    private mutating func number(maximumDigits: Int) -> (value: Int, digits: Int)? {
        let start = position
        var value = 0
        while let octet = current, octet.isASCIIDigit {
            guard position - start < maximumDigits else { return nil }
            value = value * 10 + Int(octet - UInt8(ascii: "0"))
            position += 1
        }
        return position > start ? (value, position - start) : nil
    }

    private mutating func number(exactDigits: Int) -> Int? {
        let start = position
        var value = 0
        while position - start < exactDigits {
            guard let octet = current, octet.isASCIIDigit else { return nil }
            value = value * 10 + Int(octet - UInt8(ascii: "0"))
            position += 1
        }
        return value
    }

    private mutating func skipSeparators(_ separator: UInt8) {
        skipWhiteSpaceAndComments()
        if take(separator) { skipWhiteSpaceAndComments() }
    }

    /// Skips CFWS. Comments nest; a counter, not recursion, follows them. (RFC 5322 § 3.2.2)
    private mutating func skipWhiteSpaceAndComments() {
        var depth = 0
        while let octet = current {
            switch octet {
            case UInt8(ascii: "("):
                depth += 1
            case UInt8(ascii: ")") where depth > 0:
                depth -= 1
            case UInt8(ascii: "\\") where depth > 0:
                position += 1
            case .space, .horizontalTab, .carriageReturn, .lineFeed:
                break
            default:
                if depth == 0 { return }
            }
            position += 1
        }
        // A backslash at the end has stepped past it.
        position = min(position, octets.count)
    }
}
