import GuerrillaBackend

/// The keys of `backend_config` that belong to no single processor.
enum GatewayKeys {
    /// A year: long enough to mean "no limit", and far from the overflow of a deadline in nanoseconds.
    private static let time: ClosedRange<Int64> = 1...31_536_000_000_000_000

    static let saveProcess: Key<BackendConfiguration, String> = Key(
        "save_process",
        \.saveProcess,
        .text,
        origin: .goGuerrilla,
        summary:
            "The processors a message goes through, left to right, separated by `|`. An empty string accepts and discards."
    )
    static let validateProcess: Key<BackendConfiguration, String> = Key(
        "validate_process",
        \.validateProcess,
        .text,
        origin: .goGuerrilla,
        summary: "The processors that decide about a recipient. Empty accepts every recipient in `allowed_hosts`."
    )
    static let saveWorkersSize: Key<BackendConfiguration, Int> = Key(
        "save_workers_size",
        \.saveWorkersSize,
        .integer,
        unit: "workers",
        origin: .goGuerrilla,
        range: 1...1024,
        zeroMeansDefault: true,
        usesDefaultWhenWrong: true,
        summary:
            "The most connections, threads or requests that a store uses at once. `sqlite` has one writer, whatever this says."
    )
    static let saveTimeout: Key<BackendConfiguration, Duration> = Key(
        "gw_save_timeout",
        \.saveTimeout,
        .duration,
        origin: .goGuerrilla,
        range: time,
        summary: "How long storing a message may take before the client is asked to try again later."
    )
    static let validateTimeout: Key<BackendConfiguration, Duration> = Key(
        "gw_val_rcpt_timeout",
        \.validateTimeout,
        .duration,
        origin: .goGuerrilla,
        range: time,
        summary: "How long validating a recipient may take."
    )
    static let primaryMailHost: Key<BackendConfiguration, String> = Key(
        "primary_mail_host",
        \.primaryMailHost,
        .hostName,
        default: .described("the operating system's host name"),
        origin: .goGuerrilla,
        summary:
            "The domain of the Message-ID that `sql` and `guerrillaredisdb` make for a message without one. `Header` does not use it."
    )
    static let storedLineEndings: Key<BackendConfiguration, StoredLineEndings?> = Key(
        "stored_line_endings",
        \.storedLineEndings,
        .optional(ValueForm<StoredLineEndings>.choice),
        // Not a value: `check` has something to say when nobody has decided.
        default: .described("`crlf`"),
        summary:
            "The line endings of stored messages. `crlf` keeps every octet; `lf` leaves out the CR of each CRLF, as go-guerrilla does. `sqlite` keeps every octet always."
    )
    static let rcptCacheSeconds: Key<BackendConfiguration, Duration> = Key(
        "rcpt_cache_seconds",
        \.recipientCacheLifetime,
        .seconds,
        range: 0...86_400,
        summary:
            "How long a verdict about a recipient, yes or no, is remembered; trouble never is. At most 10,000 are, by the whole "
            + "address. 0 switches remembering off."
    )

    static let rows: [any ConfigurationRow<BackendConfiguration>] = [
        saveProcess, validateProcess, saveWorkersSize, saveTimeout, validateTimeout, primaryMailHost,
        storedLineEndings,
        rcptCacheSeconds,
    ]

    static let all = rows.map(\.description) + retired

    private static let retired =
        ["mysql_db", "mysql_host", "mysql_pass", "mysql_user"].map { name in
            ConfigurationKey(
                name,
                .string,
                isSecret: name == "mysql_pass",
                origin: .goGuerrilla,
                isEffective: false,
                replacement: "write `sql_driver` and `sql_dsn`",
                summary: "Replaced by `sql_driver` and `sql_dsn`."
            )
        }
        + [
            ("save_processors", "save_process"), ("process_stack", "save_process"),
            ("validate_processors", "validate_process"),
        ].map { name, modern in
            ConfigurationKey(
                name,
                .string,
                origin: .goGuerrilla,
                isEffective: false,
                replacement: "write `\(modern)`",
                summary: "Replaced by `\(modern)`."
            )
        }
}
