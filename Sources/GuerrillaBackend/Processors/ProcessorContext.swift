public import Logging

/// What a processor's factory is given.
public struct ProcessorContext: Sendable {
    /// The processor's part of `backend_config`.
    public var configuration: ProcessorConfiguration
    /// Where the processor logs what its operator should know.
    public var logger: Logger
    /// `primary_mail_host`.
    public var primaryMailHost: String
    /// How long a verdict may take (`gw_save_timeout`); a store's own waits should be shorter.
    public var saveTimeout: Duration
    /// How long a verdict on a recipient may take (`gw_val_rcpt_timeout`).
    public var validateTimeout: Duration
    /// `stored_line_endings`: how stores for other programs write messages (``StoredForm``).
    public var storedLineEndings: StoredLineEndings
    /// `save_workers_size`: the most connections, threads or requests that a store uses at once, at least 1. It does not limit how many
    /// messages are in the chain.
    public var saveWorkers: Int

    /// Creates a context.
    public init(
        configuration: ProcessorConfiguration,
        logger: Logger,
        primaryMailHost: String,
        saveTimeout: Duration = .seconds(30),
        validateTimeout: Duration = .seconds(5),
        storedLineEndings: StoredLineEndings = .crlf,
        saveWorkers: Int = 1
    ) {
        self.configuration = configuration
        self.logger = logger
        self.primaryMailHost = primaryMailHost
        self.saveTimeout = saveTimeout
        self.validateTimeout = validateTimeout
        self.storedLineEndings = storedLineEndings
        self.saveWorkers = max(1, saveWorkers)
    }
}
