import Logging
import Synchronization

/// All logs of one daemon: that of the daemon, and those of servers with a `log_file` of their own.
///
/// What goes to the same place has one writer, so that lines stay whole and in order.
final class Logs: Sendable {
    /// Settings whose files are open, and closed again if they are not adopted.
    struct Change: Sendable {
        let settings: LogSettings
        fileprivate let files: [LogDestination: LogFile]
    }

    fileprivate struct State {
        var settings: LogSettings
        var writers: [LogDestination: LogWriter] = [:]
        var mainOutput = LogOutput()
        /// One that nobody logs to any more is gone, and forgotten at the next change.
        var serverOutputs: [ListenInterface: WeakOutput] = [:]
        var applicationLogger: Logger?
        /// Writers that were replaced and still have something to write.
        var endings: [(writer: LogWriter, ending: Ending)] = []
        var isClosed = false
    }

    fileprivate struct WeakOutput {
        weak var output: LogOutput?
    }

    private let state: Mutex<State>
    /// The daemon's log.
    let main: Log

    /// Opens all destinations.
    /// - Throws: ``LogFileError`` about the first that cannot be opened.
    init(_ settings: LogSettings) throws(LogFileError) {
        var state = State(settings: settings)
        state.open(try Self.files(settings.openDestinations))
        state.connect()
        self.main = Log(state.mainOutput)
        self.state = Mutex(state)
    }

    /// The log of a server, which is the daemon's if it has none of its own.
    func log(of server: ListenInterface) -> Log {
        self.state.withLock { state in
            if let output = state.serverOutputs[server]?.output { return Log(output) }
            let output = LogOutput()
            state.serverOutputs[server] = WeakOutput(output: output)
            state.connect(output, to: state.settings.destination(of: server))
            return Log(output)
        }
    }

    /// Opens what is not open yet, and changes nothing.
    /// - Throws: ``LogFileError`` about the first that cannot be opened.
    func prepare(_ settings: LogSettings) throws(LogFileError) -> Change {
        let open = self.state.withLock { Set($0.writers.keys) }
        return Change(settings: settings, files: try Self.files(settings.openDestinations.subtracting(open)))
    }

    /// Lets everything that is logged from now on go where the new settings say, and closes what is not used any more when all
    /// that was logged before is written. Nobody waits for that but ``close()``: it may take as long as a pipe has no reader.
    func adopt(_ change: Change) {
        let old = self.state.withLock { state -> LogSettings in
            guard !state.isClosed else { return change.settings }
            let old = state.settings
            state.settings = change.settings
            if old.format != change.settings.format {
                for writer in state.writers.values { writer.setFormat(change.settings.format) }
            }
            state.open(change.files)
            state.connect()
            state.serverOutputs = state.serverOutputs.filter { $0.value.output != nil }
            state.endings.removeAll { $0.ending.isOver }
            for writer in state.takeUnused() { state.endings.append((writer, Ending { await writer.close() })) }
            return old
        }
        let new = change.settings
        if old.main != new.main { self.main.logger.info("main log for new clients changed to [\(new.main)]") }
        if old.level != new.level { self.main.logger.info("log level changed to [\(new.level.rawValue)]") }
    }

    /// Opens all files again by their names, after they were moved away. What was logged before goes to the old ones.
    ///
    /// - Returns: What could not be opened: the old file stays, and a line at level error in it says why.
    func reopen() async -> [LogFileError] {
        let (settings, writers, outputs) = self.state.withLock { ($0.settings, $0.writers, $0.outputs) }
        var errors: [LogDestination: LogFileError] = [:]
        for (destination, writer) in writers { errors[destination] = await writer.reopen() }
        if case .file(let path) = settings.main {
            if let error = errors[settings.main] {
                self.main.logger.error("main log file [\(path)] failed to re-open", metadata: ["error": "\(error)"])
            } else {
                self.main.logger.info("re-opened main log file [\(path)]")
            }
        }
        for (server, output) in outputs {
            let destination = settings.destination(of: server)
            guard case .file(let path) = destination else { continue }
            let logger = Log(output).logger
            if let error = errors[destination] {
                logger.error(
                    "server [\(server)] log file [\(path)] failed to re-open",
                    metadata: ["error": "\(error)"]
                )
            } else {
                logger.info("Server [\(server)] re-opened log file [\(path)]")
            }
        }
        return Array(errors.values)
    }

    /// Puts an application's own logger in the place of the main destination, or takes it away again. It gets what `log_level`
    /// lets through, and messages as `Message received` with their fields as metadata.
    func setLogger(_ logger: Logger?) {
        self.state.withLock { state in
            state.applicationLogger = logger
            if !state.isClosed { state.connect() }
        }
    }

    /// Writes what was logged and closes all files. Nothing is written afterwards. A log that takes nothing any more is waited for no longer
    /// than `patience`.
    ///
    /// - Returns: A sentence for each log that lacks something.
    @discardableResult
    func close(patience: Duration = LogWriter.patience) async -> [String] {
        let writers = self.state.withLock { state in
            state.isClosed = true
            defer {
                state.writers = [:]
                state.endings = []
                state.applicationLogger = nil
                state.connect()
            }
            return Array(state.writers.values) + state.endings.filter { !$0.ending.isOver }.map(\.writer)
        }
        return await withTaskGroup(of: String?.self) { group in
            for writer in writers { group.addTask { await writer.close(patience: patience) } }
            return await group.reduce(into: []) { sentences, sentence in
                if let sentence { sentences.append(sentence) }
            }
        }
    }

    private static func files(_ destinations: Set<LogDestination>) throws(LogFileError) -> [LogDestination: LogFile] {
        var files: [LogDestination: LogFile] = [:]
        for destination in destinations { files[destination] = try LogFile(destination) }
        return files
    }
}

extension Logs.State {
    /// Those of the servers there are, and of those that have not come to their end.
    fileprivate var outputs: [ListenInterface: LogOutput] { self.serverOutputs.compactMapValues(\.output) }

    /// Starts writers for open files, unless there is one by now.
    fileprivate mutating func open(_ files: [LogDestination: LogFile]) {
        for (destination, file) in files where self.writers[destination] == nil {
            self.writers[destination] = LogWriter(file, format: self.settings.format)
        }
    }

    /// Connects all outputs as the settings say.
    fileprivate func connect() {
        self.connect(self.mainOutput, to: self.settings.main)
        for (server, output) in self.outputs {
            self.connect(output, to: self.settings.destination(of: server))
        }
    }

    fileprivate func connect(_ output: LogOutput, to destination: LogDestination) {
        let target: LogOutput.Target
        if destination == self.settings.main, let logger = self.applicationLogger {
            target = .logger(logger)
        } else {
            target = self.writers[destination].map { .writer($0) } ?? .nowhere
        }
        output.connect(to: target, level: self.settings.level.loggerLevel)
    }

    /// Takes out the writers that nothing goes to any more.
    fileprivate mutating func takeUnused() -> [LogWriter] {
        let used = self.settings.openDestinations
        let unused = self.writers.filter { !used.contains($0.key) }
        for destination in unused.keys { self.writers[destination] = nil }
        return Array(unused.values)
    }
}
