#if CommandLine && SQLite
import ArgumentParser
import GuerrillaSQLite

extension Mail {
    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show new messages as they come, a line for each, until Ctrl-C.",
            discussion: """
                The lines are those of list. The store need not exist yet.

                For example: guerrillad mail watch --json
                """
        )

        @OptionGroup var store: StoreOptions

        @Flag(help: "Print a JSON object for each message, on one line.")
        var json = false

        func run() async throws {
            let path = try self.store.path()
            let (signals, continuation) = AsyncStream.makeStream(of: ProcessSignal.self)
            SignalThread.react(to: [.interrupt, .terminate]) { continuation.yield($0) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in signals { return } }
                group.addTask { try await self.watch(path) }
                // Whichever is first: a signal, or an error.
                try await group.next()
                group.cancelAll()
            }
        }

        private func watch(_ path: String) async throws {
            var watcher = SQLiteMessageWatcher(path: path)
            Terminal.note("watching \(path)")
            while !Task.isCancelled {
                do {
                    let news = try watcher.poll()
                    for summary in news { try Terminal.write(self.text(summary) + "\n") }
                    guard news.isEmpty else { continue }
                } catch let error as SQLiteStoreError {
                    throw Terminal.fail(error.description)
                }
                try? await Task.sleep(for: .milliseconds(250))
            }
        }

        private func text(_ summary: StoredMessageSummary) -> String {
            if self.json { return MailText.json(summary) }
            return Terminal.isOutputInteractive ? MailText.line(summary) : MailText.fields(summary)
        }
    }
}
#endif
