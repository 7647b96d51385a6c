import GuerrillaMail
import GuerrillaSMTP
import GuerrillaServer
import Logging

/// Log lines as go-guerrilla's users know them: `time="…" level=info msg="…" key=value`.
///
/// Text from peers is escaped and cut, so that nobody outside can forge a line or fill the disk with one.
struct LogText {
    /// The longest value written, in octets.
    static let maximumValueLength = 1_024

    private(set) var octets: [UInt8] = []

    /// A value as far as it is written, and a little more of one that will be cut, so that the cut shows.
    static func bounded(_ value: String) -> String {
        // The longest character has four octets: one that is cut here lies behind all that is written.
        let length = self.maximumValueLength + 4
        guard value.utf8.count > length else { return value }
        return String(decoding: value.utf8.prefix(length), as: UTF8.self)
    }

    static func microseconds(_ entry: LogEntry) -> Int64 {
        switch entry {
        case .line(_, _, _, let microseconds): microseconds
        case .message(let record): record.receivedAt
        }
    }

    mutating func append(_ entry: LogEntry) {
        self.begin(microseconds: Self.microseconds(entry))
        switch entry {
        case .line(let level, let message, let metadata, _):
            self.put(" level=\(level) msg=")
            self.putQuoted(message)
            for (key, value) in metadata { self.put(key: key, value: value) }
        case .message(let record):
            self.append(record)
        }
        self.octets.append(UInt8(ascii: "\n"))
    }

    /// Whatever the sender has to send again is worth a warning.
    static func level(of record: MessageRecord) -> Logger.Level {
        switch record.outcome {
        case .stored, .discarded, .replied: .info
        case .failed, .timedOut, .committedLate, .failedLate: .warning
        }
    }

    private mutating func append(_ record: MessageRecord) {
        self.put(" level=\(Self.level(of: record)) msg=\"Message received\"")
        self.put(key: "smtp.queued_id", value: record.queuedID.description)
        self.put(key: "smtp.client", value: record.client.address?.description ?? "-")
        self.put(key: "smtp.helo", value: record.client.helo?.description ?? "-")
        self.put(key: "smtp.from", value: "<\(record.reversePath)>")
        self.put(key: "smtp.to", value: record.recipients.map { "<\($0)>" }.joined(separator: ","))
        self.put(key: "smtp.size", value: String(record.size))
        self.put(key: "smtp.verdict", value: record.outcome.rawValue)
        self.put(key: "smtp.reply", value: record.reply.code.description)
        let (seconds, attoseconds) = record.duration.components
        let tenths = seconds * 10_000 + attoseconds / 100_000_000_000_000
        self.put(key: "smtp.ms", value: "\(tenths / 10).\(tenths % 10)")
    }

    private mutating func begin(microseconds: Int64) {
        self.put("time=\"")
        self.put(MailDate(unixSeconds: Int(microseconds / 1_000_000)).rfc3339)
        self.put("\"")
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
        var room = Self.maximumValueLength
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
        case "\n": self.put("\\n")
        case "\r": self.put("\\r")
        case "\t": self.put("\\t")
        case "\u{0}"..<" ", "\u{7F}": self.put("\\x", hexadecimal: scalar.value, digits: 2)
        case " "..<"\u{7F}": self.octets.append(UInt8(truncatingIfNeeded: scalar.value))
        default:
            switch scalar.properties.generalCategory {
            // C1 controls start terminal sequences, separators end lines for some readers, and among the format
            // characters are those that make text run backwards.
            case .control, .format, .lineSeparator, .paragraphSeparator:
                if scalar.value <= 0xFFFF {
                    self.put("\\u", hexadecimal: scalar.value, digits: 4)
                } else {
                    self.put("\\U", hexadecimal: scalar.value, digits: 8)
                }
            default:
                UTF8.encode(scalar).map { self.octets.append(contentsOf: $0) }
            }
        }
    }

    private mutating func put(_ escape: String, hexadecimal value: UInt32, digits: Int) {
        let text = String(value, radix: 16)
        self.put(escape)
        self.octets.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, digits - text.utf8.count)))
        self.put(text)
    }
}
