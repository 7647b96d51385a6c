import GuerrillaBackend

/// The keys at the top of the file.
enum ApplicationKeys {
    static let servers = ObjectKey<DaemonConfiguration>(
        "servers",
        .objectList,
        default: .described("one enabled server on 127.0.0.1:2525"),
        origin: .goGuerrilla,
        summary: "The addresses to listen on, each with its own settings."
    )
    static let allowedHosts: Key<DaemonConfiguration, [String]> = Key(
        "allowed_hosts",
        \.allowedHosts,
        .nonEmpty(.texts),
        default: .described("the operating system's host name"),
        origin: .goGuerrilla,
        summary: """
            The domains mail is accepted for. `*` matches any run of characters; `.` alone accepts every domain. \
            `bücher.example` and `xn--bcher-kva.example` are the same domain.
            """
    )
    static let pidFile: Key<DaemonConfiguration, String?> = Key(
        "pid_file",
        \.pidFile,
        .optional(.nonEmpty(.text)),
        default: .described("none; the daemon uses `/var/run/go-guerrilla.pid`"),
        origin: .goGuerrilla,
        summary: "The file the process id is written to."
    )
    static let logFile: Key<DaemonConfiguration, LogDestination> = Key(
        "log_file",
        \.logFile,
        .logDestination,
        origin: .goGuerrilla,
        summary: "Where the log goes: `stderr`, `stdout`, `off`, or a path."
    )
    static let logLevel: Key<DaemonConfiguration, LogLevel> = Key(
        "log_level",
        \.logLevel,
        .logLevel,
        origin: .goGuerrilla,
        summary: "The least severe messages to log."
    )
    static let backendConfig = ObjectKey<DaemonConfiguration>(
        "backend_config",
        .object,
        default: .described("see below"),
        origin: .goGuerrilla,
        summary: "The settings of the gateway and of all processors, in one flat object."
    )
    static let eventLoops: Key<DaemonConfiguration, Int?> = Key(
        "event_loops",
        \.eventLoops,
        .optional(.integer),
        unit: "threads",
        default: .described("one per available core"),
        isReloadable: false,
        range: 1...1024,
        zeroMeansDefault: true,
        summary: "How many threads serve connections."
    )
    static let maxMessageMemory: Key<DaemonConfiguration, Int?> = Key(
        "max_message_memory",
        \.maximumMessageMemory,
        .optional(.octets),
        default: .described("25 % of the machine's memory"),
        range: 1_048_576 ... .max,
        zeroMeansDefault: true,
        summary:
            "How much memory the messages being received and stored may take together. Beyond it new mail is answered `452 4.3.1`."
    )
    static let minFreeSpace: Key<DaemonConfiguration, Int> = Key(
        "min_free_space",
        \.minimumFreeSpace,
        .octets,
        range: 0 ... .max,
        summary:
            "How much must be free on the file system of `sqlite_path` for new mail to be accepted. Below it new mail is"
            + " answered `452 4.3.1`. 0 switches the check off."
    )
    static let shutdownTimeout: Key<DaemonConfiguration, Duration> = Key(
        "shutdown_timeout",
        \.shutdownTimeout,
        .seconds,
        range: 1...86_400,
        zeroMeansDefault: true,
        summary: "How long connected clients may take to finish after a shutdown signal."
    )
    static let certificateCheckInterval: Key<DaemonConfiguration, Duration> = Key(
        "certificate_check_interval",
        \.certificateCheckInterval,
        .seconds,
        range: 0...86_400,
        summary:
            "How often the files of certificates and keys are looked at. What has changed and fits is for new connections; what does"
            + " not fit is reported and changes nothing. 0 switches it off: SIGHUP still reads them."
    )
    static let user: Key<DaemonConfiguration, String?> = Key(
        "user",
        \.user,
        .optional(.nonEmpty(.text)),
        default: .described("unchanged"),
        isReloadable: false,
        summary:
            "The user that guerrillad, started as root, becomes once it listens; before it opens logs, keys and stores."
    )
    static let group: Key<DaemonConfiguration, String?> = Key(
        "group",
        \.group,
        .optional(.nonEmpty(.text)),
        default: .described("the group of `user`"),
        isReloadable: false,
        summary: "The group that guerrillad becomes together with `user`."
    )
    static let logFormat: Key<DaemonConfiguration, LogFormat> = Key(
        "log_format",
        \.logFormat,
        .choice,
        summary: "The form of a log line: `time=\"…\" level=… msg=\"…\" key=value`, or a JSON object."
    )
    static let backendName = ConfigurationKey(
        "backend_name",
        .string,
        origin: .goGuerrilla,
        isEffective: false,
        replacement: "name the processors in `save_process` of `backend_config`",
        summary: "The backend of go-guerrilla before 1.6."
    )

    static let rows: [any ConfigurationRow<DaemonConfiguration>] = [
        servers, allowedHosts, pidFile, logFile, logLevel, backendConfig, eventLoops, maxMessageMemory, minFreeSpace,
        shutdownTimeout, certificateCheckInterval, user, group, logFormat,
    ]

    static let all = rows.map(\.description) + [backendName]
}
