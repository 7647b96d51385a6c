import GuerrillaServer
import Logging

/// The log of the daemon or of one server: good for the daemon's life, whatever is switched behind it.
struct Log: Sendable {
    let output: LogOutput

    /// Its level follows `log_level` at once, unless somebody gives a copy a level of its own.
    let logger: Logger

    init(_ output: LogOutput) {
        self.output = output
        self.logger = Logger(label: "guerrilla") { _ in WriterLogHandler(output) }
    }

    /// Writes the line about a message, unless nobody will read it; never blocks.
    func write(_ outcome: MessageRecord.Outcome, _ record: () -> MessageRecord) {
        if outcome.level >= self.output.level { self.output.write(.message(record().bounded)) }
    }
}
