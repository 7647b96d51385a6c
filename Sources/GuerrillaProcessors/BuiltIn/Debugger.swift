public import GuerrillaBackend
public import GuerrillaMail
public import Logging

/// Logs what passes by: envelope, header section and subject, never a body.
///
/// - **Configuration**: `log_received_mails` (bool, default as in `backend_config`), `sleep_seconds` (integer, seconds,
///   default 0): waits that long before it goes on. 1 is go-guerrilla's test value for a processor that breaks down: it
///   throws.
/// - **Reads**: the envelope; `header` and `subject` of HeadersParser.
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

    private let logsMessages: Bool
    private let sleepSeconds: Int64
    private let logger: Logger

    /// Creates the processor.
    public init(logsMessages: Bool, sleepSeconds: Int64 = 0, logger: Logger) {
        self.logsMessages = logsMessages
        self.sleepSeconds = max(0, sleepSeconds)
        self.logger = logger
    }

    /// Logs the message, waits if it is told to, and passes it on.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        if self.logsMessages { self.log(envelope) }
        if self.sleepSeconds == 1 { throw BrokenOnPurpose() }
        if self.sleepSeconds > 0 { try await Task.sleep(for: .seconds(self.sleepSeconds)) }
        return try await next(&envelope)
    }

    private func log(_ envelope: Envelope) {
        let recipients = envelope.recipients.map(\.description).joined(separator: ", ")
        let queuedID: Logger.Metadata = ["smtp.queued_id": "\(envelope.queuedID)"]
        self.logger.info("Mail from: \(envelope.reversePath) / to: \(recipients)", metadata: queuedID)
        if let header = envelope.header {
            let fields = header.fields.map { "\($0.name): \($0.body)" }.joined(separator: "; ")
            self.logger.info("Headers are: \(fields)", metadata: queuedID)
        }
        if let subject = envelope.subject {
            self.logger.info("Subject is: \(subject)", metadata: queuedID)
        }
    }
}
