/// A length of time as people give it to a command: a whole number with its unit, such as `30d`.
package enum Age {
    /// Reads `90s`, `15m`, `12h`, `30d` or `4w`.
    ///
    /// - Returns: Seconds; nil when it is none, or longer than 10,000 years.
    package static func seconds(_ text: String) -> Int? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
        let digits = text.dropLast()
        guard let unit = text.last.flatMap({ units[$0] }), !digits.isEmpty, digits.utf8.count <= 12,
            digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }), let number = Int(digits)
        else { return nil }
        let seconds = number * unit
        return seconds <= 315_360_000_000 ? seconds : nil
    }
}
