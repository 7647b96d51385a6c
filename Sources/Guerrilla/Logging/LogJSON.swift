import GuerrillaMail

/// Log lines that are one JSON object each, with the same values as ``LogText``, cut at the same length. (RFC 8259)
struct LogJSON {
    private(set) var octets: [UInt8] = []

    mutating func append(_ entry: LogEntry) {
        let time = MailDate(unixSeconds: Int(entry.microseconds / 1_000_000)).rfc3339
        let milliseconds = entry.microseconds / 1_000 % 1_000
        self.put("{\"time\":\"")
        // Without its Z, which comes behind the fraction.
        self.put(String(time.dropLast()))
        self.put(".")
        self.put(digits: UInt32(truncatingIfNeeded: milliseconds), radix: 10, count: 3)
        self.put("Z\",\"level\":\"\(entry.level)\",\"msg\":")
        self.put(string: entry.message)
        for (key, value) in entry.fields {
            self.put(",")
            self.put(string: Self.memberName(key))
            self.put(":")
            self.put(value)
        }
        self.put("}\n")
    }

    /// A name that is not taken: an object has each member once. The prefix is that of go-guerrilla's log library.
    private static func memberName(_ key: String) -> String {
        switch key {
        case "time", "level", "msg": "fields.\(key)"
        default: key
        }
    }

    private mutating func put(_ value: LogEntry.Value) {
        switch value {
        case .text(let text): self.put(string: text)
        case .list(let texts): self.put(list: texts)
        case .number(let number): self.put(number)
        case .missing: self.put("null")
        }
    }

    /// As many elements as there is room for in a value; one that is cut, or nothing but the sign that something is missing, is the last.
    private mutating func put(list texts: [String]) {
        var room = LogEntry.maximumValueLength
        self.put("[")
        for (index, text) in texts.enumerated() {
            if index > 0 { self.put(",") }
            guard self.put(string: text, room: &room) else { break }
            // For the comma that stands in a text in its place.
            room = max(0, room - 1)
        }
        self.put("]")
    }

    private mutating func put(string: String) {
        var room = LogEntry.maximumValueLength
        _ = self.put(string: string, room: &room)
    }

    /// - Returns: Whether the string is whole.
    private mutating func put(string: String, room: inout Int) -> Bool {
        self.put("\"")
        defer { self.put("\"") }
        for scalar in string.unicodeScalars {
            guard UTF8.width(scalar) <= room else {
                self.put("…")
                return false
            }
            room -= UTF8.width(scalar)
            self.put(scalar)
        }
        return true
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": self.put("\\\"")
        case "\\": self.put("\\\\")
        // Nearly all there is.
        case " "..<"\u{7F}": self.octets.append(UInt8(truncatingIfNeeded: scalar.value))
        case "\n": self.put("\\n")
        case "\r": self.put("\\r")
        case "\t": self.put("\\t")
        case _ where scalar.isEscapedInLogs:
            for unit in String(scalar).utf16 {
                self.put("\\u")
                self.put(digits: UInt32(unit), radix: 16, count: 4)
            }
        default: UTF8.encode(scalar).map { self.octets.append(contentsOf: $0) }
        }
    }

    private mutating func put(_ text: String) {
        self.octets.append(contentsOf: text.utf8)
    }

    private mutating func put(digits number: UInt32, radix: Int, count: Int) {
        let digits = String(number, radix: radix)
        self.octets.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, count - digits.utf8.count)))
        self.put(digits)
    }
}

extension LogFormat {
    /// The lines of some entries.
    func octets(of entries: ArraySlice<LogEntry>) -> [UInt8] {
        switch self {
        case .text:
            var text = LogText()
            for entry in entries { text.append(entry) }
            return text.octets
        case .json:
            var json = LogJSON()
            for entry in entries { json.append(entry) }
            return json.octets
        }
    }
}
