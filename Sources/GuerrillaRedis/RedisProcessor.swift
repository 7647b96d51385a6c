public import GuerrillaBackend
public import GuerrillaMail
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Keeps messages in Redis or in a Redis Cluster, each under its first hash, until they expire.
///
/// Messages of all sessions that wait at the same time are sent as one pipeline of `SETEX <hash> <seconds> <payload>`. A message is
/// acknowledged when the server has answered OK and, with `redis_wait_replicas`, enough replicas have it.
///
/// - **Configuration**: `redis_interface`, `redis_expire_seconds` (both required), `redis_timeout` (duration, default `5s`; never more than a
///   quarter of `gw_save_timeout`), `redis_wait_replicas` (default 0), `redis_wait_timeout` (duration, default `1s`; never more than
///   half of `redis_timeout`), `redis_ca_file`.
/// - **Reads**: `hashes` of Hasher, which has to stand before it; `CompressedMessage` of Compressor, else the message and
///   `deliveryHeader` of Header.
/// - **Writes**: `queuedID`, the first hash; `ExternalBody`.
/// - **Tasks**: save. It stores.
/// - **Failure replies**: 451 4.3.0; 451 4.3.1 when its queue is full; 452 4.3.1 when `max_message_memory` has no room for a message
///   whose line endings are converted.
public final class RedisProcessor: Processor {
    /// It handles messages and keeps them.
    public static let capabilities: ProcessorCapabilities = [.saves, .stores]

    /// The processor for a registry, by the name `redis`.
    public static let description: ProcessorDescription = {
        var description = ProcessorDescription(
            "redis",
            RedisProcessor.self,
            settings: RedisKeys.self,
            requiredBefore: ["Hasher"]
        ) { context, keys in
            RedisProcessor(
                settings: try RedisSettings(keys, context),
                expireSeconds: Int(keys.expireSeconds.components.seconds),
                lineEndings: context.storedLineEndings
            )
        }
        description.reads = [.hashes, .compressedMessage, .deliveryHeader]
        description.usesLineEndings = true
        description.redact = { text, _, _ in RedisInterface.redacted(text) }
        return description
    }()

    private struct Opened {
        let client: RedisClient
        let committer: GroupCommitter<RedisMessage, RedisClient.Outcome>
    }

    private struct NoHash: Error, CustomStringConvertible {
        var description: String { "redis needs Hasher before it in save_process" }
    }

    private let settings: RedisSettings
    private let expireSeconds: Int
    private let lineEndings: StoredLineEndings
    private let opened = Mutex<Opened?>(nil)

    /// Creates the processor; ``start()`` connects.
    package init(settings: RedisSettings, expireSeconds: Int, lineEndings: StoredLineEndings) {
        self.settings = settings
        self.expireSeconds = expireSeconds
        self.lineEndings = lineEndings
    }

    /// Connects. A server that is away does not keep a daemon from starting: it is tried again and again, and when messages may come the
    /// log says so.
    /// - Throws: ``RedisSetupError`` for settings that cannot work.
    public func start() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let client = try RedisClient(self.settings, on: loop)
        let committer = GroupCommitter(commit: client, executor: EventLoopTaskExecutor(loop))
        self.opened.withLock { $0 = Opened(client: client, committer: committer) }
        await client.connect()
    }

    /// From now on the log says when Redis does not take messages.
    public func wasPutInForce() {
        self.opened.withLock { $0?.client }?.begin()
    }

    /// Stores the message, then passes it on.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        guard let committer = self.opened.withLock({ $0?.committer }) else { throw RedisError.notOpen }
        guard let key = envelope.hashes.first, !key.isEmpty else { throw NoHash() }
        let message = RedisMessage(
            key: key,
            payload: try await self.payload(of: envelope),
            expireSeconds: self.expireSeconds
        )
        switch try await committer.submit(message, octets: message.octets) {
        case .success:
            break
        case .failure(let error):
            // The state log has told of it, once for all messages.
            return .reply(error.smtpReply)
        }
        envelope.queuedID = QueuedID(text: key)
        envelope[ExternalBody.self] = "redis"
        return try await next(&envelope).afterStoring
    }

    /// Tries whether the servers can be reached and let us in, with a connection of its own.
    /// - Throws: One that says which server does not, and why.
    public func checkConnection() async throws {
        let client = try RedisClient(self.settings, on: MultiThreadedEventLoopGroup.singleton.any())
        do {
            try await client.check()
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    /// Stores what is queued, as far as the deadline allows, and closes the connections.
    public func shutdown(deadline: ContinuousClock.Instant) async {
        guard let opened = self.opened.withLock({ $0.take() }) else { return }
        await opened.committer.shutdown(deadline: deadline)
        await opened.client.shutdown()
    }

    private func payload(of envelope: Envelope) async throws -> [ByteBuffer] {
        if let compressed = envelope[CompressedMessage.self] { return [compressed.octets] }
        let form = try await StoredForm(of: envelope, lineEndings: self.lineEndings)
        guard self.lineEndings == .lf else { return Array(form) }
        // What is converted is the message once more.
        guard envelope.data.reserve(form.largestSize) else { throw MessageMemoryExhausted() }
        return try await offload(octets: envelope.data.size) { Array(form) }
    }
}
