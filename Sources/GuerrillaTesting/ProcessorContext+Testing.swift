public import GuerrillaBackend
public import Logging

extension ProcessorContext {
    /// What a processor's factory is given, for tests.
    /// - Parameters:
    ///   - configuration: The processor's settings, as in `backend_config`.
    ///   - logger: Where the processor logs. The default discards.
    public static func testing(
        _ configuration: ConfigurationObject = ConfigurationObject(),
        logger: Logger = Logger(label: "guerrilla.testing") { _ in SwiftLogNoOpLogHandler() }
    ) -> ProcessorContext {
        ProcessorContext(
            configuration: ProcessorConfiguration(values: configuration),
            logger: logger,
            primaryMailHost: "mail.example.com"
        )
    }
}
