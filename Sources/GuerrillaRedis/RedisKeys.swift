package import GuerrillaBackend

/// The settings of `redis` as they stand in `backend_config`.
package struct RedisKeys: ProcessorSettings {
    /// Where the servers are; nil only where nothing is configured.
    package var interface: RedisInterface?
    package var expireSeconds: Duration = .zero
    package var timeout: Duration = .seconds(5)
    package var waitReplicas = 0
    package var waitTimeout: Duration = .seconds(1)
    package var caFile: String?

    package static let interface: Key<RedisKeys, RedisInterface?> = Key(
        "redis_interface",
        \.interface,
        .optional(.redisInterface),
        isRequired: true,
        isSecret: true,
        origin: .goGuerrilla,
        summary:
            "The Redis server: `host:port`, the path of a socket, or a URL `redis://user:password@host:port/database`, with TLS "
            + "`rediss://…`. Several, separated by commas, are the seeds of a Redis Cluster."
    )
    static let expireSeconds: Key<RedisKeys, Duration> = Key(
        "redis_expire_seconds",
        \.expireSeconds,
        .seconds,
        isRequired: true,
        origin: .goGuerrilla,
        range: 1...3_153_600_000,
        summary: "How long Redis keeps a message."
    )
    static let timeout: Key<RedisKeys, Duration> = Key(
        "redis_timeout",
        \.timeout,
        .duration,
        range: 1_000_000...3_600_000_000_000,
        summary:
            "How long to wait for a connection to Redis, and for its answer. Never more than a quarter of `gw_save_timeout`."
    )
    static let waitReplicas: Key<RedisKeys, Int> = Key(
        "redis_wait_replicas",
        \.waitReplicas,
        .integer,
        unit: "replicas",
        range: 0...100,
        summary: "How many replicas must have a message before it is acknowledged (`WAIT`). 0 does not ask them."
    )
    static let waitTimeout: Key<RedisKeys, Duration> = Key(
        "redis_wait_timeout",
        \.waitTimeout,
        .duration,
        range: 1_000_000...3_600_000_000_000,
        summary:
            "How long to wait for the replicas; then the client is answered 451. Never more than half of `redis_timeout`."
    )
    static let caFile: Key<RedisKeys, String?> = Key(
        "redis_ca_file",
        \.caFile,
        .optional(.nonEmpty(.text)),
        default: .described("the system's authorities"),
        summary: "The authorities, in PEM, that the certificate of a `rediss://` server has to come from."
    )

    package static let defaults = RedisKeys()
    package static let rows: [any ConfigurationRow<RedisKeys>] = [
        interface, expireSeconds, timeout, waitReplicas, waitTimeout, caFile,
    ]

    /// The file of the authorities.
    package var resources: [ProcessorResource] {
        self.caFile.map { [ProcessorResource(.file, at: $0, key: Self.caFile.name)] } ?? []
    }
}

extension ValueForm where Value == RedisInterface {
    /// `redis_interface`. A wrong one is never shown: it may hold a password.
    fileprivate static var redisInterface: Self {
        Self(.string) { value, findings in
            guard case .string(let text) = value else { return nil }
            do {
                return try RedisInterface(text)
            } catch {
                findings.append(ValueFinding("\(error)"))
                return nil
            }
        } write: { _ in
            nil
        }
    }
}

extension RedisSettings {
    /// How to speak with the servers that `backend_config` names.
    /// - Throws: `ConfigurationError`, which never shows the value of `redis_interface`.
    package init(_ keys: RedisKeys, _ context: ProcessorContext) throws(ConfigurationError) {
        guard let interface = keys.interface else {
            throw ConfigurationError(
                keyPath: "backend_config.\(RedisKeys.interface.name)",
                message: "required, but not set"
            )
        }
        self.init(interface: interface, logger: context.logger)
        self.timeout = min(keys.timeout, context.saveTimeout / 4)
        self.waitReplicas = keys.waitReplicas
        self.waitTimeout = min(keys.waitTimeout, self.timeout / 2)
        self.caFile = keys.caFile
        if self.interface.usesTLS {
            do {
                _ = try RedisTLS(caFile: self.caFile)
            } catch {
                throw ConfigurationError(keyPath: "backend_config.\(error.key)", message: error.message)
            }
        }
    }
}
