public import GuerrillaBackend
public import GuerrillaMail
public import Logging
import NIOCore
import Synchronization

/// Hands messages, and questions about recipients, to scripts behind a FastCGI server such as php-fpm.
///
/// A script that keeps a message answers `SAVED`; one that is asked about a recipient answers `PASSED`, or `REJECTED` and a reason.
/// Whatever else comes of a request is trouble: the client keeps its message.
///
/// - **Configuration**: the keys `fcgi_…` of ``Keys``.
/// - **Reads**: envelope and message; `subject` of HeadersParser; `deliveryHeader` of Header.
/// - **Writes**: nothing.
/// - **Tasks**: save and validate. It stores.
/// - **Failure replies**: 451 4.3.0; 451 4.3.1 when its queue is full; 452 4.3.1 when there is no memory for the form; 550 5.1.1 for
///   `REJECTED`.
public final class FastCGIProcessor: Processor {
    /// It handles messages, judges recipients, and the script keeps messages.
    public static let capabilities: ProcessorCapabilities = [.saves, .validates, .stores]

    let settings: FastCGISettings
    private let saveScript: String
    private let validateScript: String
    private let lineEndings: StoredLineEndings
    private let logger: Logger
    private let outages: OutageLog
    private let client = Mutex<FastCGIClient?>(nil)

    /// Creates the processor; ``start()`` connects.
    /// - Parameters:
    ///   - settings: How requests are made.
    ///   - saveScript: `fcgi_script_filename_save`, as the server finds it.
    ///   - validateScript: `fcgi_script_filename_validate`.
    ///   - lineEndings: The line endings of the form's `body`.
    ///   - logger: Where the scripts' standard error goes, and what there is to say about the server.
    public init(
        _ settings: FastCGISettings,
        saveScript: String,
        validateScript: String,
        lineEndings: StoredLineEndings = .crlf,
        logger: Logger
    ) {
        self.settings = settings
        self.saveScript = saveScript
        self.validateScript = validateScript
        self.lineEndings = lineEndings
        self.logger = logger
        self.outages = OutageLog(place: "the FastCGI server at \(settings.address)", logger: logger)
    }

    /// Connects to the server.
    /// - Throws: ``FastCGIError/cannotConnect(address:reason:)``
    public func start() async throws {
        let client = try await self.connectedClient()
        self.client.withLock { $0 = client }
    }

    private func connectedClient() async throws -> FastCGIClient {
        let client = FastCGIClient(self.settings)
        do {
            try await client.connect()
        } catch {
            await client.shutdown()
            throw error
        }
        return client
    }

    /// Has the message saved, then passes it on.
    /// - Throws: ``FastCGIError`` unless the script has answered `SAVED`.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        let request = try await FastCGIRequest.save(envelope, lineEndings: self.lineEndings, script: self.saveScript)
        let answer = try await self.answer(to: request, of: self.saveScript)
        guard answer.says("SAVED") else {
            throw FastCGIError.unexpectedAnswer(expected: "SAVED", status: answer.status, text: answer.text())
        }
        return try await next(&envelope).afterStoring
    }

    /// Asks the script, then passes the question on if the recipient has passed.
    /// - Throws: ``FastCGIError`` unless the script has answered `PASSED` or `REJECTED`.
    public func validate(
        _ recipient: Recipient,
        in envelope: borrowing Envelope,
        next: ValidateNext
    ) async throws -> RecipientVerdict {
        let request = FastCGIRequest.validate(recipient, script: self.validateScript)
        let answer = try await self.answer(to: request, of: self.validateScript)
        if answer.says("PASSED") { return try await next(recipient, in: envelope) }
        // Nothing else is a refusal: a script that fails in the middle prints its error message, and that must not bounce mail.
        if answer.says("REJECTED") { return .rejected(reason: answer.text(after: "REJECTED")) }
        throw FastCGIError.unexpectedAnswer(
            expected: "PASSED or REJECTED",
            status: answer.status,
            text: answer.text()
        )
    }

    /// Connects to the server, and disconnects.
    /// - Throws: As ``start()``.
    public func checkConnection() async throws {
        try await self.connectedClient().shutdown()
    }

    /// Closes all connections.
    public func shutdown(deadline: ContinuousClock.Instant) async {
        await self.client.withLock { $0.take() }?.shutdown()
    }

    private func answer(to request: FastCGIRequest, of script: String) async throws -> ScriptAnswer {
        guard let client = self.client.withLock({ $0 }) else { throw FastCGIError.notRunning }
        let response = try await self.response(to: request, of: script, from: client)
        if response.standardErrorLength > 0 {
            self.logger.warning(
                "FastCGI script wrote to its standard error",
                metadata: [
                    "script": "\(script)",
                    "octets": "\(response.standardErrorLength)",
                    "text": "\(PrintableText.of(response.standardError.readableBytesView, maximumLength: 1_024))",
                ]
            )
        }
        guard response.applicationStatus == 0 else {
            throw FastCGIError.scriptFailed(status: response.applicationStatus)
        }
        do {
            return try ScriptAnswer(response)
        } catch {
            throw FastCGIError.badResponse("\(error)")
        }
    }

    /// What the script answers, or why it does not: once for all requests when it is the server's fault.
    private func response(
        to request: FastCGIRequest,
        of script: String,
        from client: FastCGIClient
    ) async throws -> FastCGIResponse {
        let begin = ContinuousClock.now
        let failure: FastCGIError
        do {
            let response = try await client.perform(request)
            self.outages.served()
            return response
        } catch FastCGIError.timedOut(let time, _) {
            failure = .timedOut(time, script: script)
        } catch is CancellationError {
            failure = .givenUp(script: script, after: .now - begin)
        } catch let error as FastCGIError {
            failure = error
        }
        switch failure.reach {
        case .request: throw failure
        case .perhapsAll: throw self.outages.suspect(because: failure)
        case .all: throw self.outages.refuse(because: failure)
        }
    }
}
