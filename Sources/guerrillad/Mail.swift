#if CommandLine && SQLite
import ArgumentParser
import Guerrilla
import GuerrillaMail
import GuerrillaSQLite

struct Mail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at what the embedded store holds.",
        subcommands: [List.self, Show.self, Export.self]
    )
}

/// Where the mail is.
struct StoreOptions: ParsableArguments {
    @OptionGroup var options: ConfigurationOptions

    @Option(help: "The store's file, instead of the configured one.")
    var store: String?

    func open() throws -> SQLiteMessageReader {
        let path = try self.store ?? self.options.loadOrFail().configuration.sqlitePath
        guard let path else {
            throw Terminal.fail("the configuration has no sqlite processor; name the file with --store")
        }
        do {
            return try SQLiteMessageReader(readingFrom: path)
        } catch {
            throw Terminal.fail("\(error)")
        }
    }
}

extension Mail {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the messages, newest first.",
            discussion: """
                When the output is not a terminal: one line per message, tab-separated, without a header: id, queued id, \
                time received, size in octets, reverse-path, recipients, subject.
                """
        )

        @OptionGroup var store: StoreOptions

        @Option(name: [.short, .customLong("number")], help: "How many; all without it.")
        var number: Int?

        func run() throws {
            let store = try self.store.open()
            var left = self.number ?? .max
            var last: Int64?
            // A page at a time: there may be millions.
            while left > 0 {
                let page = try store.list(limit: min(left, 1_000), before: last)
                guard let end = page.last else { break }
                for summary in page {
                    print(Terminal.isOutputInteractive ? Self.forReading(summary) : Self.forPrograms(summary))
                }
                left -= page.count
                last = end.id
            }
            if last == nil, Terminal.isOutputInteractive { print("no messages yet") }
        }

        private static func forPrograms(_ summary: StoredMessageSummary) -> String {
            [
                "\(summary.id)", summary.queuedID, Self.time(summary.receivedAtMicroseconds), "\(summary.size)",
                summary.reversePath, summary.recipients.joined(separator: ","), summary.subject ?? "",
            ].map(Self.printable).joined(separator: "\t")
        }

        private static func forReading(_ summary: StoredMessageSummary) -> String {
            let id = String(summary.id)
            let padding = String(repeating: " ", count: max(0, 6 - id.count))
            return Self.printable(
                "\(padding)\(id)  \(Self.time(summary.receivedAtMicroseconds))  <\(summary.reversePath)> → "
                    + "\(summary.recipients.joined(separator: ", "))  \(summary.subject ?? "(no subject)")"
            )
        }

        static func time(_ microseconds: Int64) -> String {
            MailDate(unixSeconds: Int(microseconds / 1_000_000)).rfc3339
        }

        /// What a stranger wrote must not steer our terminal, nor add a column.
        static func printable(_ text: String) -> String {
            String(text.map { $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? " " : $0 })
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a message: its envelope, then its content.")

        @OptionGroup var store: StoreOptions

        @Argument(help: "The id or queued id, as listed.")
        var id: String

        func run() throws {
            let store = try self.store.open()
            let record = try store.message(Mail.identifier(self.id))
            let message = record.message
            for (name, value) in [
                ("id", "\(record.id)"),
                ("queued id", message.queuedID),
                ("received", List.time(message.receivedAtMicroseconds)),
                ("client", "\(message.clientAddress) (\(message.helo)), \(message.transmissionType)"),
                ("reverse-path", "<\(message.reversePath)>"),
                ("recipients", message.recipients.joined(separator: ", ")),
                ("subject", message.subject ?? "-"),
                ("size", "\(message.size) octets"),
            ] {
                print("\(name): \(List.printable(value))")
            }
            print("")
            try Mail.write(.id(record.id), from: store)
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a message to standard output, octet for octet: delivery header, then message."
        )

        @OptionGroup var store: StoreOptions

        @Argument(help: "The id or queued id, as listed.")
        var id: String

        func run() throws {
            try Mail.write(Mail.identifier(self.id), from: try self.store.open())
        }
    }

    /// A queued id has more digits than an id can have.
    fileprivate static func identifier(_ text: String) -> StoredMessageIdentifier {
        Int64(text).map { .id($0) } ?? .queuedID(text)
    }

    fileprivate static func write(_ identifier: StoredMessageIdentifier, from store: SQLiteMessageReader) throws {
        // What `print` holds back comes first.
        Terminal.flush()
        try store.export(identifier) { Terminal.write($0.bytes) }
    }
}
#endif
