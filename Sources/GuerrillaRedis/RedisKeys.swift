package import GuerrillaBackend

/// The keys of `backend_config` that say how Redis is reached and used.
package enum RedisKeys {
    /// `redis_interface`
    package static let interface = ConfigurationKey(
        "redis_interface",
        .string,
        isRequired: true,
        isSecret: true,
        origin: .goGuerrilla,
        summary:
            "The Redis server: `host:port`, the path of a socket, or a URL `redis://user:password@host:port/database`, with TLS "
            + "`rediss://…`. Several, separated by commas, are the seeds of a Redis Cluster."
    )

    /// `redis_expire_seconds`
    package static let expireSeconds = ConfigurationKey(
        "redis_expire_seconds",
        .seconds,
        isRequired: true,
        origin: .goGuerrilla,
        range: 1...3_153_600_000,
        summary: "How long Redis keeps a message."
    )

    /// `redis_timeout`
    package static let timeout = ConfigurationKey(
        "redis_timeout",
        .duration,
        default: .string("5s"),
        range: 1_000_000...3_600_000_000_000,
        summary:
            "How long to wait for a connection to Redis, and for its answer. Never more than a quarter of `gw_save_timeout`."
    )

    /// `redis_wait_replicas`
    package static let waitReplicas = ConfigurationKey(
        "redis_wait_replicas",
        .integer,
        unit: "replicas",
        default: .integer(0),
        range: 0...100,
        summary: "How many replicas must have a message before it is acknowledged (`WAIT`). 0 does not ask them."
    )

    /// `redis_wait_timeout`
    package static let waitTimeout = ConfigurationKey(
        "redis_wait_timeout",
        .duration,
        default: .string("1s"),
        range: 1_000_000...3_600_000_000_000,
        summary:
            "How long to wait for the replicas; then the client is answered 451. Never more than half of `redis_timeout`."
    )

    /// `redis_ca_file`
    package static let caFile = ConfigurationKey(
        "redis_ca_file",
        .string,
        default: .described("the system's authorities"),
        summary: "The authorities, in PEM, that the certificate of a `rediss://` server has to come from."
    )

    /// All of them.
    package static let all = [
        interface, expireSeconds, timeout, waitReplicas, waitTimeout, caFile,
    ]
}

extension RedisSettings {
    /// The settings in `backend_config`.
    /// - Throws: `ConfigurationError`, which never shows the value of `redis_interface`.
    package init(_ context: ProcessorContext) throws {
        let configuration = context.configuration
        let interface: RedisInterface
        do {
            interface = try RedisInterface(try configuration.requiredSecret(RedisKeys.interface).reveal())
        } catch let error as RedisInterface.Malformed {
            throw ConfigurationError(keyPath: "backend_config.redis_interface", message: error.description)
        }
        self.init(interface: interface, logger: context.logger)
        self.timeout = min(try configuration.requiredDuration(RedisKeys.timeout), context.saveTimeout / 4)
        self.waitReplicas = try configuration.requiredInteger(RedisKeys.waitReplicas)
        self.waitTimeout = min(try configuration.requiredDuration(RedisKeys.waitTimeout), self.timeout / 2)
        self.caFile = try configuration.string(RedisKeys.caFile).flatMap { $0.isEmpty ? nil : $0 }
        if self.interface.usesTLS {
            do {
                _ = try RedisTLS(caFile: self.caFile)
            } catch {
                throw ConfigurationError(keyPath: "backend_config.\(error.key)", message: error.message)
            }
        }
    }
}
