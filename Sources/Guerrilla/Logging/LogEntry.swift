import GuerrillaServer
import Logging

/// Something to be logged, formatted by the writer and not by whoever had something to say.
enum LogEntry: Sendable {
    case line(level: Logger.Level, message: String, metadata: [(key: String, value: String)], microseconds: Int64)
    case message(MessageRecord)

    /// A value of a line.
    enum Value {
        case text(String)
        case list([String])
        /// Written as a number in JSON.
        case number(String)
        /// Not known.
        case missing
    }

    /// The longest value written, in octets.
    static let maximumValueLength = 1_024

    /// A value as far as it is written, and a little more of one that will be cut, so that the cut shows.
    static func bounded(_ value: String) -> String {
        // The longest character has four octets: one that is cut here lies behind all that is written.
        let length = self.maximumValueLength + 4
        guard value.utf8.count > length else { return value }
        return String(decoding: value.utf8.prefix(length), as: UTF8.self)
    }

    /// Microseconds since 1970.
    var microseconds: Int64 {
        switch self {
        case .line(_, _, _, let microseconds): microseconds
        case .message(let record): record.receivedAt
        }
    }

    var level: Logger.Level {
        switch self {
        case .line(let level, _, _, _): level
        case .message(let record): record.outcome.level
        }
    }

    var message: String {
        switch self {
        case .line(_, let message, _, _): message
        case .message: "Message received"
        }
    }

    var fields: [(key: String, value: Value)] {
        switch self {
        case .line(_, _, let metadata, _): metadata.map { ($0.key, .text($0.value)) }
        case .message(let record): record.fields
        }
    }
}

extension MessageRecord.Outcome {
    /// Whatever the sender has to send again is worth a warning.
    var level: Logger.Level {
        switch self {
        case .stored, .discarded, .replied: .info
        case .deferred, .failed, .timedOut, .abandoned, .committedLate, .failedLate: .warning
        }
    }
}

extension MessageRecord {
    /// Without the recipients behind those that are written: thousands of records may wait while a log's disk is slow.
    var bounded: MessageRecord {
        var octets = 0
        let written = self.recipients.prefix { recipient in
            defer { octets += recipient.textCount }
            return octets <= LogEntry.maximumValueLength
        }
        guard written.count < self.recipients.count else { return self }
        var record = self
        record.recipients = Array(written)
        return record
    }

    fileprivate var fields: [(key: String, value: LogEntry.Value)] {
        [
            ("smtp.queued_id", .text(self.queuedID.description)),
            ("smtp.client", self.client.address.map { .text($0.description) } ?? .missing),
            ("smtp.helo", self.client.helo.map { .text($0.description) } ?? .missing),
            ("smtp.from", .text("<\(self.reversePath)>")),
            ("smtp.to", .list(self.recipients.map { "<\($0)>" })),
            ("smtp.size", .number(String(self.size))),
            ("smtp.verdict", .text(self.outcome.rawValue)),
            ("smtp.reply", .number(self.reply.code.description)),
            ("smtp.ms", .number(self.milliseconds)),
        ]
    }

    /// The duration with one decimal.
    private var milliseconds: String {
        let (seconds, attoseconds) = self.duration.components
        let tenths = seconds * 10_000 + attoseconds / 100_000_000_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}

extension Unicode.Scalar {
    /// Whether it must not stand in a log, nor reach a terminal, as it is. C1 controls start terminal sequences, separators end lines for some readers, and
    /// among the format characters are those that make text run backwards.
    package var isEscapedInLogs: Bool {
        switch self {
        case " "..<"\u{7F}": return false
        case ..<" ", "\u{7F}": return true
        default:
            switch self.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: return true
            default: return false
            }
        }
    }
}
