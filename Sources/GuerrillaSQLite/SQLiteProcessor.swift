#if SQLite
public import GuerrillaBackend
public import GuerrillaMail
public import Logging
import NIOCore
import Synchronization

/// Keeps messages in an SQLite file: the embedded default store.
///
/// Messages of all sessions that wait at the same time are committed together, and synced to the disk before any of
/// them is acknowledged.
///
/// - **Configuration**: `sqlite_path` (string, default `guerrilla.sqlite`, relative to the working directory),
///   `sqlite_busy_timeout` (duration, default `5s`; never more than half of `gw_save_timeout`).
/// - **Reads**: the envelope and the message; `header` and `subject` of HeadersParser; `deliveryHeader` of Header.
/// - **Writes**: nothing.
/// - **Tasks**: save. It stores.
/// - **Failure replies**: 451 4.3.0; 451 4.3.1 when its queue is full.
public final class SQLiteProcessor: Processor {
    /// It handles messages and keeps them.
    public static let capabilities: ProcessorCapabilities = [.saves, .stores]

    /// The settings.
    public struct Settings: ProcessorSettings {
        /// The database file. The default is `guerrilla.sqlite` in the working directory.
        public var path = "guerrilla.sqlite"
        /// How long to wait for another process that has the database locked. The default is 5 seconds.
        public var busyTimeout: Duration = .seconds(5)

        /// Settings with every default.
        public init() {}

        static let path: Key<Settings, String> = Key(
            "sqlite_path",
            \.path,
            .text,
            neededText: .toSave,
            summary: "The database file. A relative path starts at the working directory."
        )
        static let busyTimeout: Key<Settings, Duration> = Key(
            "sqlite_busy_timeout",
            \.busyTimeout,
            .duration,
            range: 0...3_600_000_000_000,
            summary: "How long to wait for another process that has the database locked. "
                + "Never more than half of `gw_save_timeout`."
        )

        /// Settings with every default.
        public static let defaults = Settings()
        /// The keys.
        public static let rows: [any ConfigurationRow<Settings>] = [path, busyTimeout]

        /// The database.
        public var resources: [ProcessorResource] {
            [ProcessorResource(.database, at: self.path, key: Self.path.name, keepsMessages: true)]
        }
    }

    /// The processor for a registry, by the name `sqlite`.
    public static let description: ProcessorDescription = {
        var description = ProcessorDescription("sqlite", SQLiteProcessor.self, settings: Settings.self) {
            context,
            settings in
            SQLiteProcessor(
                path: settings.path,
                busyTimeout: min(settings.busyTimeout, context.saveTimeout / 2),
                logger: context.logger
            )
        }
        description.reads = [.header, .deliveryHeader]
        return description
    }()

    private struct Opened {
        let store: SQLiteMessageStore
        let committer: GroupCommitter<StoredMessage, Int64>
        let thread: BlockingThreadExecutor
    }

    /// A message came before `start()` or after `shutdown()`.
    struct NotOpen: Error, CustomStringConvertible {
        var description: String { "the store is not open" }
    }

    private let file: String
    private let timeout: Duration
    private let logger: Logger
    private let outages: OutageLog
    private let opened = Mutex<Opened?>(nil)

    /// Creates the processor; the file is opened by ``start()``.
    /// - Parameters:
    ///   - path: The database file.
    ///   - busyTimeout: How long to wait for another process that has the database locked.
    ///   - logger: Where it says what its operator should know.
    public init(
        path: String,
        busyTimeout: Duration = .seconds(5),
        logger: Logger = Logger(label: "guerrilla.sqlite") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.file = path
        self.timeout = busyTimeout
        self.logger = logger
        self.outages = OutageLog(processor: "sqlite", logger: logger)
    }

    /// What the store has done so far and what waits for it now; nil while it is not open.
    package var statistics: GroupCommitStatistics? { self.opened.withLock { $0?.committer }?.statistics }

    /// Opens or creates the file.
    /// - Throws: ``SQLiteStoreError`` naming file and reason.
    public func start() async throws {
        let store = try SQLiteMessageStore(path: self.file, busyTimeout: self.timeout, logger: self.logger)
        let thread = BlockingThreadExecutor()
        let committer = GroupCommitter(commit: SQLiteGroupCommit(store: store), executor: thread)
        self.opened.withLock { $0 = Opened(store: store, committer: committer, thread: thread) }
    }

    /// Commits the message, then passes it on.
    /// - Throws: `GroupCommitError` when the queue is full, else what the store says.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        guard let committer = self.opened.withLock({ $0?.committer }) else { throw NotOpen() }
        let message = try await StoredMessage(envelope)
        do {
            _ = try await committer.submit(message, octets: message.octets)
        } catch let error where error.concernsStore {
            throw self.outages.refuse(because: error)
        }
        self.outages.served()
        return try await next(&envelope).afterStoring
    }

    /// Commits what is queued, as far as the deadline allows, and closes the file.
    public func shutdown(deadline: ContinuousClock.Instant) async {
        guard let opened = self.opened.withLock({ $0.take() }) else { return }
        await opened.committer.shutdown(deadline: deadline)
        // A commit may still be running, and closing waits for it: on the store's own thread that blocks nobody else.
        await Task(executorPreference: opened.thread) { opened.store.close() }.value
        await opened.thread.shutdown()
    }
}

extension StoredMessage {
    /// What is kept of an envelope. The message's octets are shared, not copied.
    init(_ envelope: Envelope) async throws {
        self.init(
            queuedID: envelope.queuedID.description,
            receivedAtMicroseconds: envelope.receivedAt,
            clientAddress: envelope.client.address?.description ?? "",
            clientPort: envelope.client.port ?? 0,
            helo: envelope.client.helo?.description ?? "",
            transmissionType: envelope.client.protocolName,
            tls: envelope.client.tlsVersion,
            reversePath: envelope.reversePath.description,
            recipients: envelope.recipients.map(\.description),
            subject: envelope.subject,
            headers: envelope.header,
            deliveryHeader: envelope.deliveryHeader?.octets() ?? ByteBuffer(),
            data: try await envelope.data.chunks()
        )
    }
}
#endif
