public import Logging

/// How severe a message must be to be logged, in go-guerrilla's words.
public enum LogLevel: String, Sendable, Hashable, CaseIterable {
    case panic
    case fatal
    case error
    case warn
    case info
    case debug
    case trace

    /// Every name a file may use. `warning` means `warn`.
    static let names = ["panic", "fatal", "error", "warn", "warning", "info", "debug", "trace"]

    /// Makes a level of a name from a file, in any case.
    ///
    /// - Returns: nil when there is no such level.
    public init?(name: String) {
        let name = name.lowercased()
        self.init(rawValue: name == "warning" ? "warn" : name)
    }

    /// The level of swift-log that shows the same messages. `panic` and `fatal` are both `critical` there.
    public var loggerLevel: Logger.Level {
        switch self {
        case .panic, .fatal: .critical
        case .error: .error
        case .warn: .warning
        case .info: .info
        case .debug: .debug
        case .trace: .trace
        }
    }
}
