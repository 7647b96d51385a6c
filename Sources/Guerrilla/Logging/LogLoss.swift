import GuerrillaMail
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Lines that could not be written, a full disk being in the way mostly. The log is told of them when it can be written again.
struct LogLoss: Sendable, Equatable {
    /// How many; one that was written in part is among them.
    private(set) var lines = 0
    /// When the first was lost and when the last, in microseconds since 1970.
    private(set) var first: Int64
    private(set) var last: Int64
    /// Why the last was lost.
    private(set) var errorNumber: CInt = 0

    init(since first: Int64) {
        self.first = first
        self.last = first
    }

    /// Lines that were lost.
    mutating func add(lines: Int, errorNumber: CInt, until last: Int64) {
        self.lines += lines
        self.last = last
        self.errorNumber = errorNumber
    }

    /// What stands in the place of the lines.
    func entry(at microseconds: Int64) -> LogEntry {
        .line(
            level: .error,
            message: "Log lines are missing: they could not be written",
            metadata: [
                ("lines", "\(self.lines)"), ("from", Self.time(self.first)), ("until", Self.time(self.last)),
                ("reason", self.reason),
            ],
            microseconds: microseconds
        )
    }

    var reason: String { String(cString: strerror(self.errorNumber)) }

    static func time(_ microseconds: Int64) -> String { MailDate(unixSeconds: Int(microseconds / 1_000_000)).rfc3339 }
}
