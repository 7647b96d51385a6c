import Logging
import Synchronization

/// Where the lines of the daemon, or those of one server, go at the moment. Loggers keep it for good; what is behind it changes.
final class LogOutput: Sendable {
    enum Target: Sendable {
        case nowhere
        case writer(LogWriter)
        /// An application's own.
        case logger(Logger)
    }

    private let target = Mutex(Target.nowhere)
    private let severity = Atomic(Logger.Level.critical.severity)

    /// The least severe lines that are wanted. Where nothing is written it is `critical`, so that hardly anything is made for nobody.
    var level: Logger.Level {
        Logger.Level(severity: self.severity.load(ordering: .relaxed))
    }

    /// Lets everything from now on go somewhere else. What was written before is with the old target when this returns.
    func connect(to target: Target, level: Logger.Level) {
        self.target.withLock { $0 = target }
        let isHeard = if case .nowhere = target { false } else { true }
        self.severity.store((isHeard ? level : .critical).severity, ordering: .relaxed)
    }

    /// Passes an entry on, whatever its level; never blocks.
    func write(_ entry: LogEntry) {
        let logger: Logger? = self.target.withLock { target in
            switch target {
            case .nowhere: return nil
            case .writer(let writer):
                // Under the lock, so that whoever closes the writer of yesterday knows that no more comes.
                writer.write(entry)
                return nil
            case .logger(let logger): return logger
            }
        }
        logger?.log(entry)
    }
}

extension Logger.Level {
    /// A number that grows with severity.
    fileprivate var severity: UInt8 {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }

    fileprivate init(severity: UInt8) {
        switch severity {
        case 0: self = .trace
        case 1: self = .debug
        case 2: self = .info
        case 3: self = .notice
        case 4: self = .warning
        case 5: self = .error
        default: self = .critical
        }
    }
}

extension Logger {
    fileprivate func log(_ entry: LogEntry) {
        self.log(level: entry.level, "\(entry.message)", metadata: Self.metadata(of: entry))
    }

    private static func metadata(of entry: LogEntry) -> Metadata {
        var metadata = Metadata()
        for (key, value) in entry.fields {
            switch value {
            case .text(let text), .number(let text): metadata[key] = .string(text)
            case .list(let texts): metadata[key] = .array(texts.map { .string($0) })
            case .missing: break
            }
        }
        return metadata
    }
}
