import Logging
import Synchronization

/// Keeps what processors warn of, for those who look at no log: `guerrillad check --connect`.
final class WarningCollector: Sendable {
    private let warnings = Mutex<[String]>([])

    /// The sentences so far.
    var all: [String] { self.warnings.withLock { $0 } }

    /// A logger that writes to this collector alone.
    var logger: Logger { Logger(label: "guerrilla") { _ in Handler(collector: self) } }

    private struct Handler: LogHandler {
        let collector: WarningCollector
        var logLevel = Logger.Level.warning
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            self.collector.warnings.withLock { $0.append("\(event.message)") }
        }
    }
}
