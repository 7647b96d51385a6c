#if Hashing && Compression
import GuerrillaBackend
import GuerrillaCompression
import GuerrillaHashing
import GuerrillaMail
import GuerrillaProcessors
import GuerrillaRedis

/// Keeps messages in Redis and a row about each in an SQL database, as go-guerrilla's processor of this name was meant to.
///
/// It is a chain in one: `HeadersParser|Hasher|Header|Compressor|redis|sql`. What Redis does not take stands in the row: then nothing is lost
/// and nobody has to wait until it is back.
///
/// - **Configuration**: that of `redis`, `sql` and Compressor; `redis_sql_batch_timeout` (seconds, default 3).
/// - **Reads**: the envelope and the message.
/// - **Writes**: what those processors write.
/// - **Tasks**: save. It stores.
/// - **Failure replies**: those of `sql`.
final class GuerrillaRedisDBProcessor: Processor {
    static let capabilities: ProcessorCapabilities = [.saves, .stores]

    /// The settings that are its own.
    struct Settings: ProcessorSettings {
        var batchTimeout: Duration = .seconds(3)

        static let batchTimeout: Key<Settings, Duration> = Key(
            "redis_sql_batch_timeout",
            \.batchTimeout,
            .seconds,
            origin: .goGuerrilla,
            range: 0...3_600,
            usesDefaultWhenWrong: true,
            summary:
                "The longest that a row of `guerrillaredisdb` waits for others. None waits at all: what comes while rows are being "
                + "committed is the next commit."
        )

        static let defaults = Settings()
        static let rows: [any ConfigurationRow<Settings>] = [batchTimeout]
    }

    /// The processor for a registry, by the name `guerrillaredisdb`.
    /// - Parameter sql: The processor `sql`.
    static func description(sql: ProcessorDescription) -> ProcessorDescription {
        let redis = RedisProcessor.description
        var description = ProcessorDescription(
            "guerrillaredisdb",
            GuerrillaRedisDBProcessor.self,
            settings: Settings.self
        ) { context, _ in
            let before = ProcessorRegistry(
                BuiltInProcessors.all + [HasherProcessor.description, CompressorProcessor.description]
            )
            var chain = try before.chain("HeadersParser|Hasher|Header|Compressor").map { try $0.make(context) }
            chain.append(IfItCan(processor: try redis.make(context)))
            chain.append(try sql.make(context))
            return GuerrillaRedisDBProcessor(chain)
        }
        description.configurationKeys =
            redis.configurationKeys + sql.configurationKeys + description.configurationKeys
        description.resources = { redis.resources($0) + sql.resources($0) }
        description.redact = { text, key, values in
            let isOfRedis = redis.configurationKeys.contains { $0.name == key.name }
            return (isOfRedis ? redis : sql).redact(text, key, values)
        }
        description.usesLineEndings = true
        return description
    }

    private let chain: [any Processor]

    private init(_ chain: [any Processor]) {
        self.chain = chain
    }

    func start() async throws {
        for (index, processor) in self.chain.enumerated() {
            do {
                try await processor.start()
            } catch {
                for started in self.chain[..<index].reversed() {
                    await started.shutdown(deadline: .now + .seconds(5))
                }
                throw error
            }
        }
    }

    func wasPutInForce() {
        for processor in self.chain { processor.wasPutInForce() }
    }

    func checkConnection() async throws {
        for processor in self.chain { try await processor.checkConnection() }
    }

    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        try await SaveNext(self.chain + [Rest(next: next)])(&envelope)
    }

    func shutdown(deadline: ContinuousClock.Instant) async {
        for processor in self.chain.reversed() {
            await processor.shutdown(deadline: deadline)
        }
    }
}

/// A store whose failure is not the message's: the one behind it keeps the octets then.
private struct IfItCan: Processor {
    static let capabilities: ProcessorCapabilities = [.saves]
    let processor: any Processor

    func checkConnection() async throws { try await self.processor.checkConnection() }
    func start() async throws { try await self.processor.start() }
    func wasPutInForce() { self.processor.wasPutInForce() }
    func shutdown(deadline: ContinuousClock.Instant) async { await self.processor.shutdown(deadline: deadline) }

    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        // It has logged that it is in trouble.
        _ = try? await self.processor.save(&envelope, next: SaveNext([]))
        try Task.checkCancellation()
        return try await next(&envelope)
    }
}

/// The rest of the chain that the processor itself stands in.
private struct Rest: Processor {
    static let capabilities: ProcessorCapabilities = [.saves]
    let next: SaveNext

    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        try await self.next(&envelope)
    }
}
#endif
