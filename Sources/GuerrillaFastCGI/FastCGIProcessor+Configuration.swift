public import GuerrillaBackend

extension FastCGIProcessor {
    /// `fcgi_script_filename_save`
    public static let saveScriptKey = ConfigurationKey(
        "fcgi_script_filename_save",
        .string,
        isRequired: true,
        origin: .goGuerrilla,
        summary: "The script that stores a message, as the FastCGI server finds it. It answers `SAVED`."
    )

    /// `fcgi_script_filename_validate`
    public static let validateScriptKey = ConfigurationKey(
        "fcgi_script_filename_validate",
        .string,
        isRequired: true,
        origin: .goGuerrilla,
        summary: "The script that validates a recipient. It answers `PASSED`, or `REJECTED` and a reason."
    )

    /// `fcgi_connection_type`
    public static let connectionType = ConfigurationKey(
        "fcgi_connection_type",
        .string,
        isRequired: true,
        origin: .goGuerrilla,
        allowedValues: ["unix", "tcp"],
        summary: "How to reach the FastCGI server."
    )

    /// `fcgi_connection_address`
    public static let connectionAddress = ConfigurationKey(
        "fcgi_connection_address",
        .string,
        isRequired: true,
        origin: .goGuerrilla,
        summary: "The socket's path, or `address:port`."
    )

    /// `fcgi_max_connections`
    public static let maximumConnections = ConfigurationKey(
        "fcgi_max_connections",
        .integer,
        unit: "connections",
        default: .described("`save_workers_size`"),
        range: 1...1024,
        summary:
            "The most connections, and so requests, at once. Never more than php-fpm has workers (`pm.max_children`): "
            + "a kept connection occupies one."
    )

    /// `fcgi_queue_size`
    public static let queueSize = ConfigurationKey(
        "fcgi_queue_size",
        .integer,
        unit: "requests",
        default: .integer(1_000),
        range: 0...1_000_000,
        summary: "The most requests that wait for a connection. Beyond it the client is asked to try again later."
    )

    /// `fcgi_idle_timeout`
    public static let idleTimeout = ConfigurationKey(
        "fcgi_idle_timeout",
        .duration,
        default: .string("5s"),
        range: 0...3_600_000_000_000,
        summary:
            "How long a connection is kept for the next request. `0s` makes a new one for each, as go-guerrilla does."
    )

    /// `fcgi_timeout`
    public static let timeout = ConfigurationKey(
        "fcgi_timeout",
        .duration,
        default: .string("20s"),
        range: 1_000_000...3_600_000_000_000,
        summary: "How long a script may take, and connecting to its server. Never more than `gw_save_timeout`."
    )

    /// `fcgi_max_reply_size`
    public static let maximumReplySize = ConfigurationKey(
        "fcgi_max_reply_size",
        .octets,
        default: .integer(65_536),
        range: 256...16_777_216,
        summary: "The most a script may say, its header section included. More counts as a failure."
    )

    /// All keys, in the order of the documentation.
    public static let configurationKeys = [
        saveScriptKey, validateScriptKey, connectionType, connectionAddress, maximumConnections, queueSize, idleTimeout,
        timeout, maximumReplySize,
    ]

    /// The processor for a registry, by the name `FastCGI`.
    public static let description = ProcessorDescription(
        "FastCGI",
        FastCGIProcessor.self,
        configurationKeys: configurationKeys
    ) { context in
        let values = context.configuration
        var settings = FastCGISettings(address: try FastCGIProcessor.address(values))
        settings.maximumConnections = try values.integer(FastCGIProcessor.maximumConnections) ?? context.saveWorkers
        settings.maximumQueued = try values.requiredInteger(FastCGIProcessor.queueSize)
        settings.idleTimeout = try values.requiredDuration(FastCGIProcessor.idleTimeout)
        settings.timeout = min(try values.requiredDuration(FastCGIProcessor.timeout), context.saveTimeout)
        settings.maximumReplySize = try values.requiredInteger(FastCGIProcessor.maximumReplySize)
        return FastCGIProcessor(
            settings,
            saveScript: try values.requiredString(FastCGIProcessor.saveScriptKey),
            validateScript: try values.requiredString(FastCGIProcessor.validateScriptKey),
            lineEndings: context.storedLineEndings,
            logger: context.logger
        )
    }

    private static func address(_ values: ProcessorConfiguration) throws -> FastCGIAddress {
        let text = try values.requiredString(Self.connectionAddress)
        guard try values.requiredString(Self.connectionType).lowercased() == "tcp" else { return .unix(path: text) }
        guard let address = FastCGIAddress(tcp: text) else {
            throw ConfigurationError(
                keyPath: "backend_config.\(Self.connectionAddress.name)",
                message: "expected address:port, as 127.0.0.1:9000 or [::1]:9000"
            )
        }
        return address
    }
}
