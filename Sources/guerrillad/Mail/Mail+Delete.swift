#if CommandLine && SQLite
import ArgumentParser
import Guerrilla
import GuerrillaMail
import GuerrillaSQLite

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension Mail {
    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete messages, for good. The daemon may be running.",
            discussion: """
                Asks first, on a terminal; elsewhere it wants --yes. If one of the ids is not there, nothing is deleted.

                For example: guerrillad mail delete --older-than 30d --yes
                """
        )

        @OptionGroup var store: StoreOptions

        @Option(help: ArgumentHelp("Delete what was received before this day or moment, in UTC.", valueName: "date"))
        var before: String?

        @Option(help: ArgumentHelp("Delete what is older than 30d, 12h, 4w, …", valueName: "age"))
        var olderThan: String?

        @Flag(name: [.short, .long], help: "Do not ask.")
        var yes = false

        @Argument(help: "The ids or queued ids, as listed.")
        var ids: [String] = []

        func validate() throws {
            guard [self.before != nil, self.olderThan != nil, !self.ids.isEmpty].filter({ $0 }).count == 1 else {
                throw ValidationError("name messages, or say --before DATE or --older-than AGE")
            }
            _ = try self.limit()
        }

        func run() throws {
            let path = try self.store.path()
            do {
                let eraser = try SQLiteMessageEraser(path: path)
                if let limit = try self.limit() {
                    try self.delete(before: limit, with: eraser)
                } else {
                    try self.confirm("Delete \(Self.count(self.ids.count)) of \(path)?")
                    Self.report(try eraser.delete(self.ids.map(Mail.identifier)))
                }
            } catch let error as SQLiteStoreError {
                throw Terminal.fail(error.description)
            }
        }

        private func delete(before limit: Int, with eraser: SQLiteMessageEraser) throws {
            let (microseconds, overflow) = Int64(limit).multipliedReportingOverflow(by: 1_000_000)
            guard !overflow else { throw Terminal.fail("the time is out of range") }
            let amount = try eraser.amount(receivedBefore: microseconds)
            guard amount.messages > 0 else { return Self.report(amount) }
            let date = MailDate(unixSeconds: limit).rfc3339
            try self.confirm("Delete \(Self.text(amount)), received before \(date), of \(eraser.path)?")
            Self.report(try eraser.delete(receivedBefore: microseconds, upTo: amount.lastID))
        }

        /// Seconds since 1970, nil when messages were named.
        private func limit() throws -> Int? {
            if let before = self.before {
                guard let date = MailDate(text: before) else {
                    throw ValidationError("--before wants a date such as 2026-11-21 or 2026-11-21T08:00:00Z")
                }
                return date.unixSeconds
            }
            guard let olderThan = self.olderThan else { return nil }
            guard let age = Age.seconds(olderThan) else {
                throw ValidationError("--older-than wants a number with s, m, h, d or w, such as 30d")
            }
            return Int(Date().timeIntervalSince1970) - age
        }

        private func confirm(_ question: String) throws {
            guard !self.yes else { return }
            guard Terminal.isInputInteractive else {
                throw Terminal.fail("nobody is there to be asked; add --yes to delete without a question")
            }
            guard Terminal.asks(question) else { throw Terminal.fail("nothing was deleted") }
        }

        private static func report(_ amount: SQLiteMessageEraser.Amount) {
            Terminal.note("deleted \(self.text(amount))")
        }

        private static func text(_ amount: SQLiteMessageEraser.Amount) -> String {
            "\(self.count(amount.messages)), \(amount.octets) octets"
        }

        private static func count(_ messages: Int) -> String {
            messages == 1 ? "1 message" : "\(messages) messages"
        }
    }
}
#endif
