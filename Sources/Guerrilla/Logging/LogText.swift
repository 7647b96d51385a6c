import GuerrillaMail

/// Log lines as go-guerrilla's users know them: `time="…" level=info msg="…" key=value`.
///
/// Text from peers is escaped and cut, so that nobody outside can forge a line or fill the disk with one.
struct LogText {
    private(set) var octets: [UInt8] = []

    mutating func append(_ entry: LogEntry) {
        self.put("time=\"")
        self.put(MailDate(unixSeconds: Int(entry.microseconds / 1_000_000)).rfc3339)
        self.put("\" level=\(entry.level) msg=")
        self.putQuoted(entry.message)
        for (key, value) in entry.fields {
            switch value {
            case .text(let text), .number(let text): self.put(key: key, value: text)
            case .list(let texts): self.put(key: key, value: texts.joined(separator: ","))
            case .missing: self.put(key: key, value: "-")
            }
        }
        self.octets.append(UInt8(ascii: "\n"))
    }

    private mutating func put(_ text: String) {
        self.octets.append(contentsOf: text.utf8)
    }

    private mutating func put(key: String, value: String) {
        self.put(" \(key)=")
        let isPlain = !value.isEmpty && value.utf8.count <= 128 && value.utf8.allSatisfy(Self.isPlain)
        if isPlain { self.put(value) } else { self.putQuoted(value) }
    }

    private static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "-._/@^+<>,:".utf8.contains(octet)
        }
    }

    private mutating func putQuoted(_ value: String) {
        self.octets.append(UInt8(ascii: "\""))
        var room = LogEntry.maximumValueLength
        for scalar in value.unicodeScalars {
            room -= UTF8.width(scalar)
            guard room >= 0 else {
                self.put("…")
                break
            }
            self.putEscaped(scalar)
        }
        self.octets.append(UInt8(ascii: "\""))
    }

    /// Escapes as Go's `%q` does, and so go-guerrilla's log.
    private mutating func putEscaped(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"", "\\":
            self.octets.append(UInt8(ascii: "\\"))
            self.octets.append(UInt8(truncatingIfNeeded: scalar.value))
        // Nearly all there is.
        case " "..<"\u{7F}": self.octets.append(UInt8(truncatingIfNeeded: scalar.value))
        case "\n": self.put("\\n")
        case "\r": self.put("\\r")
        case "\t": self.put("\\t")
        case _ where !scalar.isEscapedInLogs: UTF8.encode(scalar).map { self.octets.append(contentsOf: $0) }
        case ..<"\u{80}": self.put("\\x", hexadecimal: scalar.value, digits: 2)
        case ..<"\u{10000}": self.put("\\u", hexadecimal: scalar.value, digits: 4)
        default: self.put("\\U", hexadecimal: scalar.value, digits: 8)
        }
    }

    private mutating func put(_ escape: String, hexadecimal value: UInt32, digits: Int) {
        let text = String(value, radix: 16)
        self.put(escape)
        self.octets.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, digits - text.utf8.count)))
        self.put(text)
    }
}
