public import GuerrillaBackend
public import GuerrillaMail
public import Logging
import NIOCore

/// Logs what passes by: envelope, header section and subject; a body only when asked to.
///
/// Each text is cut after 900 octets. Escaping is left to the log, which does it for every text.
///
/// - **Configuration**: `log_received_mails` (bool, default as in `backend_config`), `log_message_bodies` (bool, default false),
///   `sleep_seconds` (integer, seconds, default 0): waits that long before it goes on. 1 is go-guerrilla's test value for a processor
///   that breaks down: it throws.
/// - **Reads**: the envelope; `header` and `subject` of HeadersParser; the message, when bodies are logged.
/// - **Writes**: nothing.
/// - **Tasks**: save.
/// - **Failure replies**: 451 4.3.0 when `sleep_seconds` is 1.
public struct Debugger: Processor {
    /// It handles messages.
    public static let capabilities: ProcessorCapabilities = [.saves]

    /// Thrown on purpose when `sleep_seconds` is 1.
    public struct BrokenOnPurpose: Error, CustomStringConvertible {
        /// Says why.
        public var description: String { "sleep_seconds is 1: this message was to fail" }
    }

    /// The settings.
    public struct Settings: ProcessorSettings {
        /// Whether envelopes, header sections and subjects are logged. The default is false.
        public var logsMessages = false
        /// Whether the first 900 octets of each message are logged. The default is false.
        public var logsBodies = false
        /// How long each message is held, in seconds; 1 makes it fail. The default is 0.
        public var sleepSeconds = 0

        /// Settings with every default.
        public init() {}

        /// `log_received_mails`
        public static let logReceivedMails: Key<Settings, Bool> = Key(
            "log_received_mails",
            \.logsMessages,
            .bool,
            default: .described("`false`; `true` when `backend_config` is missing or empty"),
            origin: .goGuerrilla,
            summary: "Whether Debugger logs envelopes, header sections and subjects."
        )
        static let logMessageBodies: Key<Settings, Bool> = Key(
            "log_message_bodies",
            \.logsBodies,
            .bool,
            summary: "Whether Debugger logs the first 900 octets of each message. They are private: for tests only."
        )
        static let sleepSeconds: Key<Settings, Int> = Key(
            "sleep_seconds",
            \.sleepSeconds,
            .integer,
            unit: "seconds",
            origin: .goGuerrilla,
            range: 0...3_600,
            summary: "How long Debugger holds each message; a test aid. 1 makes it fail on purpose."
        )

        /// Settings with every default.
        public static let defaults = Settings()
        /// The keys.
        public static let rows: [any ConfigurationRow<Settings>] = [logReceivedMails, logMessageBodies, sleepSeconds]
    }

    /// The processor for a registry, by the name `Debugger`.
    public static let description = ProcessorDescription("Debugger", Debugger.self, settings: Settings.self) {
        context,
        settings in
        Debugger(
            logsMessages: settings.logsMessages,
            logsBodies: settings.logsBodies,
            sleepSeconds: Int64(settings.sleepSeconds),
            logger: context.logger
        )
    }

    /// The most octets of a text that are logged: what a log line of the daemon has room for.
    private static let longestText = 900

    private let logsMessages: Bool
    private let logsBodies: Bool
    private let sleepSeconds: Int64
    private let logger: Logger

    /// Creates the processor.
    public init(logsMessages: Bool, logsBodies: Bool = false, sleepSeconds: Int64 = 0, logger: Logger) {
        self.logsMessages = logsMessages
        self.logsBodies = logsBodies
        self.sleepSeconds = max(0, sleepSeconds)
        self.logger = logger
    }

    /// Logs the message, waits if it is told to, and passes it on.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        if self.logsMessages { self.log(envelope) }
        if self.logsBodies { try await self.logData(of: envelope) }
        if self.sleepSeconds == 1 { throw BrokenOnPurpose() }
        if self.sleepSeconds > 0 { try await Task.sleep(for: .seconds(self.sleepSeconds)) }
        return try await next(&envelope)
    }

    private func log(_ envelope: Envelope) {
        let recipients = envelope.recipients.map(\.description).joined(separator: ", ")
        self.log("Mail from: \(envelope.reversePath) / to:", recipients, of: envelope)
        if let header = envelope.header {
            self.log("Headers are:", Self.text(header), of: envelope)
        }
        if let subject = envelope.subject {
            self.log("Subject is:", subject, of: envelope)
        }
    }

    private func logData(of envelope: Envelope) async throws {
        let beginning = try await envelope.data.prefix(Self.longestText)
        let text = String(decoding: beginning.readableBytesView, as: UTF8.self)
        self.log("Data is:", text, isCut: envelope.data.size > Self.longestText, of: envelope)
    }

    private func log(_ name: String, _ text: String, isCut: Bool = false, of envelope: Envelope) {
        let isTooLong = text.utf8.count > Self.longestText
        let logged = isTooLong ? String(decoding: text.utf8.prefix(Self.longestText), as: UTF8.self) : text
        self.logger.info(
            "\(name) \(logged)\(isTooLong || isCut ? " [cut]" : "")",
            metadata: ["smtp.queued_id": "\(envelope.queuedID)"]
        )
    }

    /// The fields on one line, not more of them than are logged.
    private static func text(_ header: HeaderSection) -> String {
        var text = ""
        for field in header.fields {
            if text.utf8.count > Self.longestText { break }
            if !text.isEmpty { text += "; " }
            text += "\(field.name): \(String(repairing: field.bodyOctets(upTo: self.longestText)))"
        }
        return text
    }
}
