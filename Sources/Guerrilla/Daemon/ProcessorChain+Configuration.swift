import GuerrillaBackend
import Logging

extension ProcessorChain {
    /// Builds the chains that a configuration names.
    /// - Parameter hook: What comes behind them; nil if nothing does.
    convenience init(
        _ configuration: BackendConfiguration,
        hook: MessageHook? = nil,
        registry: ProcessorRegistry,
        logger: Logger
    ) throws {
        try self.init(
            save: configuration.saveProcess,
            validate: configuration.validateProcess,
            end: hook,
            registry: registry,
            context: ProcessorContext(
                configuration: configuration.processorConfiguration,
                logger: logger,
                primaryMailHost: configuration.primaryMailHost,
                saveTimeout: configuration.saveTimeout,
                validateTimeout: configuration.validateTimeout,
                storedLineEndings: configuration.storedLineEndings ?? .crlf,
                saveWorkers: configuration.saveWorkersSize
            )
        )
    }
}
