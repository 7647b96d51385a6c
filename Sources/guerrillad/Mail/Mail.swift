#if CommandLine && SQLite
import ArgumentParser
import Guerrilla
import GuerrillaSQLite

struct Mail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at what the embedded store holds, take it out, delete it.",
        discussion: "For example: guerrillad mail list -n 20",
        subcommands: [List.self, Show.self, Export.self, Delete.self, Watch.self]
    )

    /// A queued id has more digits than an id can have.
    static func identifier(_ text: String) -> StoredMessageIdentifier {
        Int64(text).map { .id($0) } ?? .queuedID(text)
    }
}

/// Where the mail is.
struct StoreOptions: ParsableArguments {
    @OptionGroup var options: ConfigurationOptions

    @Option(help: "The store's file, instead of the configured one.", completion: .file())
    var store: String?

    /// The store's file.
    func path() throws -> String {
        let path = try self.store ?? self.options.loadOrFail().configuration.sqlitePath
        guard let path else {
            throw Terminal.fail("the configuration has no sqlite processor; name the file with --store")
        }
        return path
    }

    /// Runs `body` with a reader of the store; what goes wrong with the store ends the command.
    func read(_ body: (SQLiteMessageReader) throws -> Void) throws {
        let path = try self.path()
        do {
            try body(try SQLiteMessageReader(readingFrom: path))
        } catch let error as SQLiteStoreError {
            throw Terminal.fail(error.description)
        }
    }
}
#endif
