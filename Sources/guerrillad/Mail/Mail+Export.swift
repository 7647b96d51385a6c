#if CommandLine && SQLite
import ArgumentParser
import Guerrilla
import GuerrillaMail
import GuerrillaSQLite

extension Mail {
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a message to standard output, octet for octet, or all messages into files.",
            discussion: """
                A message is its delivery header and then what was received. With --all each becomes a file QUEUED-ID.eml; those \
                that are there already are left as they are, so that running it again adds what is new. With --mbox all go into \
                one file in the form mboxrd, with the line endings of this system.

                For example: guerrillad mail export 1 > mail.eml
                """
        )

        @OptionGroup var store: StoreOptions

        @Option(
            help: ArgumentHelp("Write every message to a file in this directory.", valueName: "directory"),
            completion: .directory
        )
        var all: String?

        @Option(
            help: ArgumentHelp("Write every message into this new mbox file.", valueName: "file"),
            completion: .file()
        )
        var mbox: String?

        @Argument(help: "The id or queued id, as listed.")
        var id: String?

        func validate() throws {
            guard [self.all, self.mbox, self.id].compactMap({ $0 }).count == 1 else {
                throw ValidationError("name a message, or say --all DIRECTORY or --mbox FILE")
            }
        }

        func run() throws {
            try self.store.read { store in
                if let directory = self.all {
                    try Self.write(store, to: directory)
                } else if let file = self.mbox {
                    try Self.writeMbox(store, to: file)
                } else if let id = self.id {
                    try Mail.write(Mail.identifier(id), of: store)
                }
            }
        }

        /// Each message as a file of its own. One that is not complete has another name.
        private static func write(_ store: SQLiteMessageReader, to name: String) throws {
            var written = 0
            var present = 0
            var obstacles = 0
            let directory = try OutputDirectory(making: name)
            try self.forEach(of: store) { summary in
                let name = "\(self.name(of: summary)).eml"
                switch directory.place(of: name) {
                case .free:
                    var file = try OutputFile(name, in: directory)
                    try store.export(.id(summary.id)) { try file.write($0.bytes) }
                    if try file.finish() { written += 1 } else { present += 1 }
                case .file:
                    present += 1
                case .obstacle:
                    obstacles += 1
                    Terminal.note("guerrillad: '\(directory.name)/\(name)' is no file: the message was not written")
                }
            }
            Terminal.note("\(written) written to \(name)" + (present > 0 ? ", \(present) were there already" : ""))
            guard obstacles == 0 else { throw ExitCode.trouble }
        }

        private static func writeMbox(_ store: SQLiteMessageReader, to name: String) throws {
            guard !Terminal.isTaken(name) else { throw Terminal.fail("'\(name)': a file of that name exists") }
            var file = try OutputFile(name)
            var written = 0
            try self.forEach(of: store) { summary in
                var encoder = MboxEncoder()
                var octets: [UInt8] = []
                let seconds = Int(summary.receivedAtMicroseconds / 1_000_000)
                encoder.begin(reversePath: summary.reversePath, unixSeconds: seconds, into: &octets)
                try store.export(.id(summary.id)) { piece in
                    encoder.encode(piece, into: &octets)
                    try file.write(octets.span.bytes)
                    octets.removeAll(keepingCapacity: true)
                }
                encoder.end(into: &octets)
                try file.write(octets.span.bytes)
                written += 1
            }
            guard try file.finish() else { throw Terminal.fail("'\(name)': a file of that name exists by now") }
            Terminal.note("\(written) written to \(name)")
        }

        /// Every message, oldest first, but those that are deleted meanwhile.
        private static func forEach(
            of store: SQLiteMessageReader,
            _ body: (StoredMessageSummary) throws -> Void
        ) throws {
            var last: Int64 = 0
            while let page = try Optional(store.list(limit: 1_000, after: last)), let end = page.last {
                for summary in page {
                    do {
                        try body(summary)
                    } catch let error as SQLiteStoreError where error.code == .noSuchMessage {
                        continue
                    }
                }
                last = end.id
            }
        }

        /// Queued ids are hexadecimal digits; whatever else somebody has written into the store is no file name.
        private static func name(of summary: StoredMessageSummary) -> String {
            let isUsable =
                !summary.queuedID.isEmpty && summary.queuedID.utf8.count <= 100
                && summary.queuedID.allSatisfy(\.isHexDigit)
            return isUsable ? summary.queuedID : "message-\(summary.id)"
        }
    }

    /// Delivery header and message to standard output: as they are, or fit to be shown where that is a terminal.
    static func write(_ identifier: StoredMessageIdentifier, of store: SQLiteMessageReader) throws {
        var output = Terminal.Output()
        try store.export(identifier) { try output.write($0.bytes) }
        try output.finish()
    }
}
#endif
