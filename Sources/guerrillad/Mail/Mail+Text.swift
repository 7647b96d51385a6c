#if CommandLine && SQLite
import GuerrillaBackend
import Guerrilla
import GuerrillaMail
import GuerrillaSQLite

/// How messages are shown.
enum MailText {
    /// A line for programs: fields separated by tabs.
    static func fields(_ summary: StoredMessageSummary) -> String {
        [
            "\(summary.id)", summary.queuedID, self.time(summary.receivedAtMicroseconds), "\(summary.size)",
            summary.reversePath, summary.recipients.joined(separator: ","), summary.subject ?? "",
        ].map(self.printable).joined(separator: "\t")
    }

    /// A line for people.
    static func line(_ summary: StoredMessageSummary) -> String {
        let id = String(summary.id)
        let padding = String(repeating: " ", count: max(0, 6 - id.count))
        return self.printable(
            "\(padding)\(id)  \(self.time(summary.receivedAtMicroseconds))  <\(summary.reversePath)> → "
                + "\(summary.recipients.joined(separator: ", "))  \(summary.subject ?? "(no subject)")"
        )
    }

    /// A JSON object on one line.
    static func json(_ summary: StoredMessageSummary) -> String {
        JSONText.line(.object(self.members(summary)))
    }

    /// What a listing shows of a message, as the members of a JSON object.
    static func members(_ summary: StoredMessageSummary) -> ConfigurationObject {
        let subject: ConfigurationValue = summary.subject.map { .string($0) } ?? .null
        return [
            "id": .integer(summary.id), "queued_id": .string(summary.queuedID),
            "received_at": .string(self.time(summary.receivedAtMicroseconds)), "size": .integer(Int64(summary.size)),
            "reverse_path": .string(summary.reversePath),
            "recipients": .array(summary.recipients.map { .string($0) }),
            "subject": subject,
        ]
    }

    static func time(_ microseconds: Int64) -> String {
        MailDate(unixSeconds: Int(microseconds / 1_000_000)).rfc3339
    }

    /// What a stranger wrote must not steer our terminal, nor add a line or a column.
    static func printable(_ text: String) -> String {
        var printable = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { printable.append(scalar.isEscapedInLogs ? " " : scalar) }
        return String(printable)
    }
}
#endif
