public import GuerrillaBackend
public import GuerrillaMail
package import Logging
import Synchronization

/// Keeps messages in a table of an SQL database, one row per recipient, in go-guerrilla's form.
///
/// Rows of all sessions that wait at the same time are committed together, and all rows of a message with one commit.
///
/// - **Configuration**: `sql_driver` (`mysql`, `postgres` or `sqlite3`), `sql_dsn`, `mail_table` (strings, required);
///   `sql_insert`, `sql_values`, `sql_validate` (strings), `sql_max_open_conns`, `sql_max_idle_conns`,
///   `sql_batch_size` (numbers), `sql_max_conn_lifetime` (duration); `primary_mail_host`, `save_workers_size`, `stored_line_endings`.
/// - **Reads**: the envelope and the message; `header` and `subject` of HeadersParser; `deliveryHeader` of Header; `hashes` of
///   Hasher; ``GuerrillaBackend/CompressedMessage`` of Compressor; ``GuerrillaBackend/ExternalBody``.
/// - **Writes**: `queuedID`, the first hash, when there are hashes.
/// - **Tasks**: save, it stores; validate, with `sql_validate`.
/// - **Failure replies**: 451 4.3.0; 451 4.3.1 when its queue is full; 452 4.3.1 when there is no memory for the rows;
///   550 5.1.1 for a recipient that the query does not find.
public final class SQLProcessor: Processor {
    /// It handles messages, keeps them, and judges recipients.
    public static let capabilities: ProcessorCapabilities = [.saves, .stores, .validates]

    private struct Opened {
        let savers: SQLWorkers<SQLMessage, Void>
        let validators: SQLWorkers<[String], Bool>?
    }

    /// A message came before `start()` or after `shutdown()`.
    struct NotOpen: Error, CustomStringConvertible {
        var description: String { "the database is not open" }
    }

    /// What a processor is made of.
    package struct Settings: Sendable {
        package var query: RecipientQuery?
        /// Most connections to store with, at least 1.
        package var connections = 1
        /// How many of them stay open.
        package var idleConnections = Int.max
        package var lifetime: Duration?
        package var lineEndings = StoredLineEndings.crlf
        package var mailHost = ""
        package var limits = GroupCommitLimits()
        /// How much time may go into attempts that fail, for one batch of messages and one of recipients.
        package var savingPatience = SQLTimeLimits(.saving, verdict: .seconds(30)).patience
        package var validatingPatience = SQLTimeLimits(.validating, verdict: .seconds(5)).patience

        package init() {}
    }

    private let database: any SQLDriver
    private let settings: Settings
    private let logger: Logger
    private let outages: OutageLog
    private let opened = Mutex<Opened?>(nil)

    package init(driver: any SQLDriver, settings: Settings, logger: Logger) {
        self.database = driver
        self.settings = settings
        self.logger = logger
        self.outages = OutageLog(place: driver.place, logger: logger)
    }

    /// What the connections have done so far and what waits for them; empty while the processor is not open.
    package var statistics: [GroupCommitStatistics] { self.opened.withLock { $0?.savers }?.statistics ?? [] }

    /// Connects, and makes sure that there is a table to insert into, and that it keeps what is put there.
    /// - Throws: An error that names the database's place and what it says.
    public func start() async throws {
        let savers = self.savers()
        do {
            self.tell(try await savers.open())
        } catch {
            await savers.shutdown(deadline: .now)
            guard let error = error as? SQLFailure else { throw error }
            throw SQLFailure(error.reach, "\(self.database.place): \(error)")
        }
        self.opened.withLock { $0 = Opened(savers: savers, validators: self.validators()) }
    }

    /// Commits the rows of the message, then passes it on.
    /// - Throws: `GroupCommitError` when the queue is full, else what the database says.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        guard let savers = self.opened.withLock({ $0?.savers }) else { throw NotOpen() }
        let message = try await SQLMessage(
            envelope,
            lineEndings: self.settings.lineEndings,
            mailHost: self.settings.mailHost
        )
        try await self.served { try await savers.submit(message, octets: message.octets) }
        // Whoever looks for the row, or for the message in Redis, looks by the hash.
        if let hash = envelope.hashes.first { envelope.queuedID = QueuedID(text: hash) }
        return try await next(&envelope).afterStoring
    }

    /// Looks for the recipient; one that is there is passed on.
    /// - Throws: As ``save(_:next:)``.
    public func validate(
        _ recipient: Recipient,
        in envelope: borrowing Envelope,
        next: ValidateNext
    ) async throws -> RecipientVerdict {
        // `<postmaster>` is always there. (RFC 5321 § 4.5.1)
        if let query = self.settings.query, let mailbox = recipient.path.mailbox {
            guard let validators = self.opened.withLock({ $0?.validators }) else { throw NotOpen() }
            guard try await self.served({ try await validators.submit(query.values(for: mailbox), octets: 1_024) })
            else {
                return .rejected(reason: "no such user")
            }
        }
        return try await next(recipient, in: envelope)
    }

    /// Connects, makes sure that there is a table to insert into and that the query of recipients can be asked, and disconnects.
    /// - Throws: As ``start()``.
    public func checkConnection() async throws {
        let thread = BlockingThreadExecutor()
        let result = await Task(executorPreference: thread) { [database, settings] in
            Result<[String], SQLFailure> { () throws(SQLFailure) in
                let connection = try database.connect(for: .saving)
                defer { connection.close() }
                let cautions = try connection.cautions()
                if settings.query != nil { try database.connect(for: .validating).close() }
                return cautions
            }
        }.value
        await thread.shutdown()
        do {
            self.tell(try result.get())
        } catch {
            throw SQLFailure(error.reach, "\(self.database.place): \(error)")
        }
    }

    /// Commits what is queued, as far as the deadline allows, and closes the connections.
    public func shutdown(deadline: ContinuousClock.Instant) async {
        guard let opened = self.opened.withLock({ $0.take() }) else { return }
        await opened.savers.shutdown(deadline: deadline)
        await opened.validators?.shutdown(deadline: deadline)
    }

    private func tell(_ cautions: [String]) {
        for caution in cautions { self.logger.warning("\(self.database.place): \(caution)") }
    }

    /// What the database has answered to one item, or what it had against it.
    private func served<Value>(_ item: () async throws -> Value) async throws -> Value {
        do {
            let value = try await item()
            self.outages.served()
            return value
        } catch let failure as SQLFailure {
            switch failure.reach {
            case .row, .conflict, .stale, .connection: throw CommitFailure.items(failure)
            case .resources, .store: throw self.outages.refuse(because: CommitFailure.store(failure))
            case .unknown: throw CommitFailure.unknownOutcome(failure)
            }
        } catch let error where error.concernsStore {
            throw self.outages.refuse(because: error)
        }
    }

    private func savers() -> SQLWorkers<SQLMessage, Void> {
        let workers = (0..<max(1, self.settings.connections)).map { index in
            SQLWorker<SQLMessage, Void>(
                driver: self.database,
                purpose: .saving,
                settings: SQLWorker.Settings(
                    lifetime: self.settings.lifetime,
                    staysOpen: index < self.settings.idleConnections,
                    patience: self.settings.savingPatience
                )
            ) { connection, messages throws(SQLFailure) in
                try connection.insert(messages.flatMap(\.rows))
                return Array(repeating: (), count: messages.count)
            }
        }
        return SQLWorkers(workers, limits: self.settings.limits)
    }

    private func validators() -> SQLWorkers<[String], Bool>? {
        guard self.settings.query != nil else { return nil }
        let worker = SQLWorker<[String], Bool>(
            driver: self.database,
            purpose: .validating,
            settings: SQLWorker.Settings(
                lifetime: self.settings.lifetime,
                patience: self.settings.validatingPatience
            )
        ) { connection, recipients throws(SQLFailure) in
            try connection.find(recipients)
        }
        return SQLWorkers([worker], limits: self.settings.limits)
    }
}
