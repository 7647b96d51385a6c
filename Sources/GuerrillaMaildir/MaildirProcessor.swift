public import GuerrillaBackend
public import GuerrillaMail
import GuerrillaSMTP
public import Logging
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Delivers messages to Maildirs, a copy for each recipient.
///
/// Messages of all sessions that wait at the same time are written together; files and directories are synced to the disk before any of them is
/// acknowledged.
///
/// A recipient is a user of the map by the local-part alone, in any case; `name+detail` goes to `name` unless the map has it whole. A message with
/// a recipient who is not in the map is refused as a whole, unless a processor behind this one keeps it.
///
/// - **Configuration**: `maildir_path` (string, required), `maildir_user_map` (string, required),
///   `maildir_batch` (integer, messages, default 256); `stored_line_endings` of the gateway.
/// - **Reads**: `recipients`, the message, `deliveryHeader` of Header.
/// - **Writes**: nothing.
/// - **Tasks**: save, where it stores; validate: the recipient has to be in the map and the Maildir to exist.
/// - **Failure replies**: 550 5.1.1 for recipients who are not there; 451 4.3.0; 451 4.3.1 when its queue is full; 452 4.3.1 when
///   there is no memory for the copies.
public final class MaildirProcessor: Processor {
    /// It handles messages and keeps them, and judges recipients.
    public static let capabilities: ProcessorCapabilities = [.saves, .validates, .stores]

    /// The settings.
    public struct Settings: ProcessorSettings {
        /// The Maildir, with `[user]` for the user's name.
        public var path = ""
        /// The users and the owners of their mail: `name=uid:gid,…`.
        public var userMap = ""
        /// The most messages that are brought to the disk together. The default is 256.
        public var batch = 256

        /// Settings without users.
        public init() {}

        static let path: Key<Settings, String> = Key(
            "maildir_path",
            \.path,
            .text,
            isRequired: true,
            origin: .goGuerrilla,
            summary:
                "The Maildir. `[user]` stands for the user's name, `~/` in front for the home directory of the daemon's user."
        )
        static let userMap: Key<Settings, String> = Key(
            "maildir_user_map",
            \.userMap,
            .text,
            isRequired: true,
            origin: .goGuerrilla,
            summary:
                "The users and whom their mail belongs to: `name=uid:gid,…`; −1 leaves the owner. Names are local-parts, in any case."
        )
        static let batch: Key<Settings, Int> = Key(
            "maildir_batch",
            \.batch,
            .integer,
            unit: "messages",
            range: 1...4_096,
            summary:
                "The most messages that are brought to the disk together. 1 writes one after the other, which is far slower."
        )

        /// Settings without users.
        public static let defaults = Settings()
        /// The keys.
        public static let rows: [any ConfigurationRow<Settings>] = [path, userMap, batch]

        /// The Maildirs of all users, and the directory they are below.
        public var resources: [ProcessorResource] {
            let directories = (try? MaildirProcessor(path: self.path, userMap: self.userMap))?.directories ?? []
            return directories.map {
                ProcessorResource(.directory, at: $0, key: Self.path.name, keepsMessages: true)
            }
        }
    }

    /// The processor for a registry, by the name `MailDir`.
    public static let description: ProcessorDescription = {
        var description = ProcessorDescription("MailDir", MaildirProcessor.self, settings: Settings.self) {
            context,
            settings in
            try MaildirProcessor(
                path: settings.path,
                userMap: settings.userMap,
                lineEndings: context.storedLineEndings,
                batch: settings.batch,
                logger: context.logger
            )
        }
        description.reads = [.deliveryHeader]
        description.usesLineEndings = true
        return description
    }()

    private struct Opened {
        let committer: GroupCommitter<MaildirMessage, MaildirError?>
        let writer: BlockingThreadExecutor
        let syncer: BlockingThreadExecutor
        /// Looking for a directory must not wait for the disk.
        let reader: BlockingThreadExecutor
    }

    /// A message came before `start()` or after `shutdown()`.
    struct NotOpen: Error, CustomStringConvertible {
        var description: String { "the store is not open" }
    }

    private let location: MaildirPath
    private let users: MaildirUserMap
    private let lineEndings: StoredLineEndings
    private let limits: GroupCommitLimits
    private let logger: Logger
    private let outages: OutageLog
    private let opened = Mutex<Opened?>(nil)

    /// Creates the processor; directories are made by ``start()``.
    /// - Parameters:
    ///   - path: `maildir_path`.
    ///   - userMap: `maildir_user_map`.
    ///   - lineEndings: `stored_line_endings`.
    ///   - batch: `maildir_batch`.
    ///   - logger: Where it says what its operator should know.
    /// - Throws: `ConfigurationError` naming the key and what is wrong.
    public init(
        path: String,
        userMap: String,
        lineEndings: StoredLineEndings = .crlf,
        batch: Int = 256,
        logger: Logger = Logger(label: "guerrilla.maildir") { _ in SwiftLogNoOpLogHandler() }
    ) throws {
        self.location = try Self.checked(Settings.path) { () throws(MaildirSettingError) in try MaildirPath(path) }
        self.users = try Self.checked(Settings.userMap) { () throws(MaildirSettingError) in try MaildirUserMap(userMap)
        }
        self.lineEndings = lineEndings
        var limits = GroupCommitLimits()
        limits.batchItems = batch
        self.limits = limits
        self.logger = logger
        self.outages = OutageLog(processor: "MailDir", logger: logger)
        guard self.location.hasBase else {
            throw ConfigurationError(
                keyPath: "backend_config.\(Settings.path.name)",
                message:
                    "the directory '\(self.location.base)' does not exist; make it, and let the users of the map enter it"
            )
        }
    }

    /// The directories messages are kept in, whether they exist or not, and the one they are below.
    package var directories: [String] {
        [self.location.base] + self.users.owners.keys.map { self.location.maildir(of: $0) }
    }

    /// Makes the users' Maildirs as far as they are missing, and clears their `tmp` of files older than 36 hours.
    /// - Throws: An error that names the directory and the reason.
    public func start() async throws {
        let writer = BlockingThreadExecutor()
        do {
            try await Task(executorPreference: writer) { try self.makeMaildirs() }.value
        } catch {
            await writer.shutdown()
            throw error
        }
        let syncer = BlockingThreadExecutor(threads: MaildirStore.syncThreads)
        let store = MaildirStore(path: self.location, users: self.users, syncExecutor: syncer)
        let opened = Opened(
            committer: GroupCommitter(commit: MaildirGroupCommit(store: store), limits: self.limits, executor: writer),
            writer: writer,
            syncer: syncer,
            reader: BlockingThreadExecutor()
        )
        self.opened.withLock { $0 = opened }
    }

    /// Delivers the message to each recipient, then passes it on.
    ///
    /// With a recipient who is not in the map, passes it on first: what the rest of the chain does not keep must not be acknowledged.
    ///
    /// - Throws: `GroupCommitError` when the queue is full; `MessageMemoryExhausted` when there is no memory for the copies; what the
    ///   system says when one cannot be written.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        var copies: [MaildirMessage.Copy] = []
        var hasStranger = false
        for recipient in envelope.recipients {
            guard let user = self.users.name(of: recipient.localPart) else {
                hasStranger = true
                continue
            }
            let form = try await StoredForm(of: envelope, for: recipient, lineEndings: self.lineEndings)
            copies.append(MaildirMessage.Copy(user: user, form: form))
        }
        guard hasStranger else {
            try await self.deliver(copies, of: envelope)
            return try await next(&envelope).afterStoring
        }
        let verdict = try await next(&envelope)
        switch verdict {
        case .discarded: return .reply(.userUnknown(reason: ""))
        case .reply(let reply) where reply.code.kind != .positiveCompletion: return verdict
        case .stored, .reply: break
        }
        if !copies.isEmpty { try await self.deliver(copies, of: envelope) }
        return verdict
    }

    /// Accepts recipients who are in the map and whose Maildir exists.
    /// - Throws: When the Maildir of one who is in the map cannot be found: it was there at the start, and may be back soon.
    public func validate(
        _ recipient: Recipient,
        in envelope: borrowing Envelope,
        next: ValidateNext
    ) async throws -> RecipientVerdict {
        guard let user = self.users.name(of: recipient.localPart) else { return .rejected(reason: "") }
        guard let reader = self.opened.withLock({ $0?.reader }) else { throw NotOpen() }
        let location = self.location
        guard await Task(executorPreference: reader, operation: { location.hasMaildir(of: user) }).value else {
            throw MaildirError("the Maildir of '\(user)' is gone: '\(location.maildir(of: user))'")
        }
        return try await next(recipient, in: envelope)
    }

    /// Delivers what is queued, as far as the deadline allows.
    public func shutdown(deadline: ContinuousClock.Instant) async {
        guard let opened = self.opened.withLock({ $0.take() }) else { return }
        await opened.committer.shutdown(deadline: deadline)
        await opened.writer.shutdown()
        await opened.syncer.shutdown()
        await opened.reader.shutdown()
    }

    // MARK: Parts

    private func deliver(_ copies: [MaildirMessage.Copy], of envelope: Envelope) async throws {
        guard let committer = self.opened.withLock({ $0?.committer }) else { throw NotOpen() }
        let message = MaildirMessage(copies: copies)
        // The copies of a few recipients belong to the connection.
        let held = message.heldOctets
        guard held <= 4_096 || envelope.data.reserve(held) else { throw MessageMemoryExhausted() }
        let failure: MaildirError?
        do {
            failure = try await committer.submit(message, octets: message.octets)
        } catch let error where error.concernsStore {
            throw self.outages.refuse(because: error)
        }
        guard let failure else { return self.outages.served() }
        throw failure.concernsAll ? self.outages.refuse(because: failure) : failure
    }

    private func makeMaildirs() throws(MaildirError) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        for (user, owner) in self.users.owners.sorted(by: { $0.key < $1.key }) {
            try self.location.makeMaildir(of: user, owner: owner)
            let tmp = try MaildirDirectory(self.location.maildir(of: user) + "/tmp", owner: owner)
            let count = MaildirSweep.clear(tmp, now: now.tv_sec)
            if count > 0 {
                self.logger.info("removed \(count) files older than 36 hours from tmp", metadata: ["user": "\(user)"])
            }
            if owner.uid == 0 || owner.gid == 0 {
                self.logger.warning("maildir_user_map: mail of '\(user)' belongs to root")
            }
        }
        if self.users.name(of: "postmaster") == nil {
            self.logger.warning("maildir_user_map: there is no postmaster; RFC 5321 § 4.5.1 asks for one")
        }
    }

    private static func checked<Value>(
        _ key: Key<Settings, String>,
        _ body: () throws(MaildirSettingError) -> Value
    ) throws(ConfigurationError) -> Value {
        do throws(MaildirSettingError) {
            return try body()
        } catch {
            throw ConfigurationError(keyPath: "backend_config.\(key.name)", message: error.description)
        }
    }
}

extension Recipient {
    /// What users are known by; `postmaster` for the path without a domain.
    fileprivate var localPart: String { self.path.mailbox?.localPart ?? "postmaster" }
}
