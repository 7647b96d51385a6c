public import GuerrillaBackend

/// A whole configuration, checked and ready to run.
///
/// ```swift
/// var configuration = DaemonConfiguration()
/// configuration.allowedHosts = ["example.com"]
/// configuration.backend.saveProcess = "HeadersParser|Header|sqlite"
/// ```
///
/// ``ConfigurationLoader`` makes one of a file.
public struct DaemonConfiguration: Sendable, Equatable, ConfigurationOwner {
    /// The servers. The default is one enabled server on 127.0.0.1:2525.
    public var servers: [ServerConfiguration]

    /// The domains mail is accepted for. The default is the operating system's host name.
    public var allowedHosts: [String]

    /// The file the process id is written to. The default is nil: none.
    public var pidFile: String?

    /// Where the log goes. The default is standard error.
    public var logFile: LogDestination = .standardError

    /// The least severe messages to log. The default is `debug`, as in go-guerrilla.
    public var logLevel: LogLevel = .debug

    /// The form of a log line. The default is ``LogFormat/text``.
    public var logFormat: LogFormat = .text

    /// What becomes of messages.
    public var backend: BackendConfiguration

    /// How many threads serve connections. The default is nil: one per available core.
    public var eventLoops: Int?

    /// How many octets the messages being received and stored may take together. The default is nil: 25 % of the machine's memory.
    public var maximumMessageMemory: Int?

    /// How many octets must be free on the store's file system for new mail to be accepted; 0 switches the check off. The default is
    /// 67,108,864.
    public var minimumFreeSpace = 67_108_864

    /// How long connected clients may take to finish after a shutdown signal. The default is 60 seconds.
    public var shutdownTimeout: Duration = .seconds(60)

    /// How often the files of certificates and keys are looked at, for new ones to be taken over; zero switches it off. The default is 60
    /// seconds.
    public var certificateCheckInterval: Duration = .seconds(60)

    /// The user that `guerrillad`, started as root, becomes once it listens. The default is nil: unchanged. ``Daemon`` changes no user: it
    /// is the process's, and the process is the application's.
    public var user: String?

    /// The group that `guerrillad` becomes together with ``user``. The default is nil: the user's own.
    public var group: String?

    /// Makes a configuration with every default.
    ///
    /// - Parameter hostName: Used where the default is the operating system's host name.
    public init(hostName: String = HostName.current) {
        servers = [ServerConfiguration(hostName: hostName)]
        allowedHosts = [hostName]
        backend = BackendConfiguration(primaryMailHost: hostName)
    }

    /// A configuration of a host that has no name.
    public static let defaults = DaemonConfiguration(hostName: "")

    /// What the daemon runs with when there is no configuration file: it listens on 127.0.0.1:2525, accepts mail for the machine's own name
    /// and `localhost`, and keeps it in the embedded store.
    ///
    /// - Parameter hostName: The operating system's host name.
    public static func embeddedDefault(hostName: String = HostName.current) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(hostName: hostName)
        configuration.allowedHosts = hostName == "localhost" ? [hostName] : [hostName, "localhost"]
        configuration.logLevel = .info
        configuration.backend.saveProcess = "HeadersParser|Header|sqlite"
        return configuration
    }
}
