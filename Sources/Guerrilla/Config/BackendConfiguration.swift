public import GuerrillaBackend
import GuerrillaProcessors

/// What becomes of messages: the processor chains, their deadlines, and the processors' own settings.
public struct BackendConfiguration: Sendable, Equatable, ConfigurationOwner {
    /// The processors a message goes through, separated by `|`. The default is `HeadersParser|Header|Debugger`.
    public var saveProcess = "HeadersParser|Header|Debugger"

    /// The processors that decide about a recipient, separated by `|`. The default is empty: all are accepted.
    public var validateProcess = ""

    /// How long storing a message may take. The default is 30 seconds.
    public var saveTimeout: Duration = .seconds(30)

    /// How long validating a recipient may take. The default is 5 seconds.
    public var validateTimeout: Duration = .seconds(5)

    /// How long a verdict about a recipient is remembered; zero for not at all. The default is zero.
    public var recipientCacheLifetime: Duration = .zero

    /// The domain of the Delivered-To field. The default is the operating system's host name.
    public var primaryMailHost: String

    /// The most connections, threads or requests a store uses at once. The default is 1.
    public var saveWorkersSize = 1

    /// The line endings of stored messages. The default is CRLF, as they were sent; nil says that nobody chose.
    public var storedLineEndings: StoredLineEndings?

    /// The processors' settings by key name, as in `backend_config`. The default is empty. A key of the gateway that stands here too
    /// is ignored: the property counts.
    public var values = ConfigurationObject()

    /// Makes a configuration with every other default.
    public init(primaryMailHost: String = HostName.current) {
        self.primaryMailHost = primaryMailHost
    }

    /// A configuration of a host that has no name.
    public static let defaults = BackendConfiguration(primaryMailHost: "")

    /// What processors read: ``values``.
    ///
    /// `log_received_mails` of the Debugger is filled in by go-guerrilla's rule: true when there are no values at all, false otherwise.
    public var processorConfiguration: ProcessorConfiguration {
        var all = values
        if all[Debugger.Settings.logReceivedMails.name] == nil {
            all[Debugger.Settings.logReceivedMails.name] = .bool(values.isEmpty)
        }
        return ProcessorConfiguration(values: all)
    }
}
