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
        var registry = registry
        var saveProcess = configuration.saveProcess
        if let hook {
            registry.register(ProcessorDescription(MessageHook.name, MessageHook.self) { _ in hook })
            saveProcess += (saveProcess.isEmpty ? "" : "|") + MessageHook.name
        }
        try self.init(
            save: saveProcess,
            validate: configuration.validateProcess,
            registry: registry,
            context: ProcessorContext(
                configuration: configuration.processorConfiguration,
                logger: logger,
                primaryMailHost: configuration.primaryMailHost,
                saveTimeout: configuration.saveTimeout,
                storedLineEndings: configuration.storedLineEndings ?? .crlf,
                saveWorkers: configuration.saveWorkersSize
            )
        )
    }
}
