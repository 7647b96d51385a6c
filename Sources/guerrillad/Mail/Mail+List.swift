#if CommandLine && SQLite
import ArgumentParser
import GuerrillaSQLite

extension Mail {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the messages, newest first.",
            discussion: """
                When the output is not a terminal: one line per message, tab-separated, without a header: id, queued id, \
                time received, size in octets, reverse-path, recipients, subject.

                For example: guerrillad mail list -n 20 --json | jq -r '.[].subject'
                """
        )

        @OptionGroup var store: StoreOptions

        @Option(name: [.short, .customLong("number")], help: "How many; all without it.")
        var number: Int?

        @Flag(help: "Print a JSON array with an object for each message.")
        var json = false

        func run() throws {
            try self.store.read(self.list)
        }

        private func list(_ store: SQLiteMessageReader) throws {
            var left = self.number ?? .max
            var last: Int64?
            if self.json { try Terminal.write("[") }
            // A page at a time: there may be millions.
            while left > 0 {
                let page = try store.list(limit: min(left, 1_000), before: last)
                guard let end = page.last else { break }
                try Terminal.write(self.text(page, isFirst: last == nil))
                left -= page.count
                last = end.id
            }
            if self.json { try Terminal.write(last == nil ? "]\n" : "\n]\n") }
            if last == nil, !self.json, Terminal.isOutputInteractive { Terminal.note("no messages yet") }
        }

        private func text(_ page: [StoredMessageSummary], isFirst: Bool) -> String {
            guard !self.json else {
                return (isFirst ? "\n" : ",\n") + page.map(MailText.json).joined(separator: ",\n")
            }
            return page.map(Terminal.isOutputInteractive ? MailText.line : MailText.fields).map { $0 + "\n" }.joined()
        }
    }
}
#endif
