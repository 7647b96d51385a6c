public import GuerrillaBackend

extension FastCGIProcessor {
    /// The settings as they stand in `backend_config`.
    public struct Keys: ProcessorSettings {
        /// How to reach the FastCGI server.
        public enum ConnectionType: String, Sendable, CaseIterable {
            /// A socket in the file system.
            case unix
            /// `address:port`.
            case tcp
        }

        var saveScript = ""
        var validateScript = ""
        var connectionType = ConnectionType.unix
        var connectionAddress = ""
        var maximumConnections: Int?
        var queueSize = 1_000
        var idleTimeout: Duration = .seconds(5)
        var timeout: Duration = .seconds(20)
        var maximumReplySize = 65_536

        static let saveScript: Key<Keys, String> = Key(
            "fcgi_script_filename_save",
            \.saveScript,
            .text,
            isRequired: true,
            neededText: .toSave,
            origin: .goGuerrilla,
            summary: "The script that stores a message, as the FastCGI server finds it. It answers `SAVED`."
        )
        static let validateScript: Key<Keys, String> = Key(
            "fcgi_script_filename_validate",
            \.validateScript,
            .text,
            isRequired: true,
            neededText: .toValidate,
            origin: .goGuerrilla,
            summary: "The script that validates a recipient. It answers `PASSED`, or `REJECTED` and a reason."
        )
        static let connectionType: Key<Keys, ConnectionType> = Key(
            "fcgi_connection_type",
            \.connectionType,
            .choice,
            isRequired: true,
            origin: .goGuerrilla,
            summary: "How to reach the FastCGI server."
        )
        static let connectionAddress: Key<Keys, String> = Key(
            "fcgi_connection_address",
            \.connectionAddress,
            .text,
            isRequired: true,
            neededText: .always,
            origin: .goGuerrilla,
            summary: "The socket's path, or `address:port`."
        )
        static let maximumConnections: Key<Keys, Int?> = Key(
            "fcgi_max_connections",
            \.maximumConnections,
            .optional(.integer),
            unit: "connections",
            default: .described("`save_workers_size`"),
            range: 1...1024,
            summary:
                "The most connections, and so requests, at once. Never more than php-fpm has workers (`pm.max_children`): "
                + "a kept connection occupies one."
        )
        static let queueSize: Key<Keys, Int> = Key(
            "fcgi_queue_size",
            \.queueSize,
            .integer,
            unit: "requests",
            range: 0...1_000_000,
            summary: "The most requests that wait for a connection. Beyond it the client is asked to try again later."
        )
        static let idleTimeout: Key<Keys, Duration> = Key(
            "fcgi_idle_timeout",
            \.idleTimeout,
            .duration,
            range: 0...3_600_000_000_000,
            summary:
                "How long a connection is kept for the next request. `0s` makes a new one for each, as go-guerrilla does."
        )
        static let timeout: Key<Keys, Duration> = Key(
            "fcgi_timeout",
            \.timeout,
            .duration,
            range: 1_000_000...3_600_000_000_000,
            summary: "How long a script may take, and connecting to its server. Never more than `gw_save_timeout`."
        )
        static let maximumReplySize: Key<Keys, Int> = Key(
            "fcgi_max_reply_size",
            \.maximumReplySize,
            .octets,
            range: 256...16_777_216,
            summary: "The most a script may say, its header section included. More counts as a failure."
        )

        /// Settings without scripts.
        public static let defaults = Keys()
        /// The keys.
        public static let rows: [any ConfigurationRow<Keys>] = [
            saveScript, validateScript, connectionType, connectionAddress, maximumConnections, queueSize, idleTimeout,
            timeout, maximumReplySize,
        ]

        fileprivate func address() throws(ConfigurationError) -> FastCGIAddress {
            guard self.connectionType == .tcp else { return .unix(path: self.connectionAddress) }
            guard let address = FastCGIAddress(tcp: self.connectionAddress) else {
                throw ConfigurationError(
                    keyPath: "backend_config.\(Self.connectionAddress.name)",
                    message: "expected address:port, as 127.0.0.1:9000 or [::1]:9000"
                )
            }
            return address
        }
    }

    /// The processor for a registry, by the name `FastCGI`.
    public static let description: ProcessorDescription = {
        var description = ProcessorDescription("FastCGI", FastCGIProcessor.self, settings: Keys.self) {
            context,
            keys in
            var settings = FastCGISettings(address: try keys.address())
            settings.maximumConnections = keys.maximumConnections ?? context.saveWorkers
            settings.maximumQueued = keys.queueSize
            settings.idleTimeout = keys.idleTimeout
            settings.timeout = min(keys.timeout, context.saveTimeout)
            settings.maximumReplySize = keys.maximumReplySize
            return FastCGIProcessor(
                settings,
                saveScript: keys.saveScript,
                validateScript: keys.validateScript,
                lineEndings: context.storedLineEndings,
                logger: context.logger
            )
        }
        description.reads = [.header, .deliveryHeader]
        description.usesLineEndings = true
        return description
    }()
}
