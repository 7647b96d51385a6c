public import GuerrillaBackend
import GuerrillaMail

/// The processors of this module, for a ``ProcessorRegistry``.
public enum BuiltInProcessors {
    /// HeadersParser, Header and Debugger.
    public static let all: [ProcessorDescription] = [
        ProcessorDescription("HeadersParser", HeadersParser.self) { HeadersParser(logger: $0.logger) },
        ProcessorDescription("Header", Header.self) { _ in Header() },
        ProcessorDescription(
            "Debugger",
            Debugger.self,
            configurationKeys: [Debugger.logReceivedMails, Debugger.sleepSeconds]
        ) { context in
            Debugger(
                logsMessages: try context.configuration.bool(Debugger.logReceivedMails) ?? false,
                sleepSeconds: Int64(try context.configuration.integer(Debugger.sleepSeconds) ?? 0),
                logger: context.logger
            )
        },
    ]
}

extension Debugger {
    /// `log_received_mails`
    public static let logReceivedMails = ConfigurationKey(
        "log_received_mails",
        .bool,
        default: .described("`false`; `true` when `backend_config` is missing or empty"),
        origin: .goGuerrilla,
        summary: "Whether Debugger logs envelopes, header sections and subjects. Bodies are never logged."
    )

    /// `sleep_seconds`
    public static let sleepSeconds = ConfigurationKey(
        "sleep_seconds",
        .integer,
        unit: "seconds",
        default: .integer(0),
        origin: .goGuerrilla,
        range: 0...3_600,
        summary: "How long Debugger holds each message; a test aid. 1 makes it fail on purpose."
    )
}
