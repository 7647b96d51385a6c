import GuerrillaBackend

/// The keys of an element of `servers`.
enum ServerKeys {
    /// A year: long enough to mean "no limit", and far from the overflow of a deadline in nanoseconds.
    private static let seconds: ClosedRange<Int64> = 1...31_536_000
    private static let count: ClosedRange<Int64> = 1...1_000_000

    static let isEnabled = ConfigurationKey(
        "is_enabled",
        .bool,
        default: .bool(false),
        origin: .goGuerrilla,
        summary: "Whether the server listens."
    )
    static let hostName = ConfigurationKey(
        "host_name",
        .string,
        default: .described("the operating system's host name"),
        origin: .goGuerrilla,
        summary: "The name in the greeting and in the replies to HELO and EHLO."
    )
    static let listenInterface = ConfigurationKey(
        "listen_interface",
        .string,
        isRequired: true,
        origin: .goGuerrilla,
        summary:
            "`address:port`; an IPv6 address stands in brackets: `[::1]:25`. `:port` listens on all interfaces, with IPv6 and IPv4;"
            + " so do `*:port`, `0.0.0.0:port` and `[::]:port`, but the last two leave a family alone on which another server has the"
            + " port. Of a name with several addresses the first one of IPv4 counts. It identifies the server when the configuration is"
            + " reloaded, so it must be unique."
    )
    static let maxSize = ConfigurationKey(
        "max_size",
        .octets,
        default: .integer(10_485_760),
        origin: .goGuerrilla,
        range: 1 ... .max,
        zeroMeansDefault: true,
        summary: "The largest message accepted. It is announced with `SIZE`; beyond it the reply is 552."
    )
    static let timeout = ConfigurationKey(
        "timeout",
        .seconds,
        default: .integer(30),
        origin: .goGuerrilla,
        range: seconds,
        zeroMeansDefault: true,
        summary: "How long a client may be silent."
    )
    static let maxClients = ConfigurationKey(
        "max_clients",
        .integer,
        unit: "connections",
        default: .integer(100),
        origin: .goGuerrilla,
        range: count,
        zeroMeansDefault: true,
        summary: "How many clients may be connected at once. Further ones are answered `421 4.3.2`."
    )
    static let logFile = ConfigurationKey(
        "log_file",
        .string,
        default: .described("the `log_file` of the application"),
        origin: .goGuerrilla,
        summary:
            "Where the lines about this server's connections and messages go: `stderr`, `stdout`, `off`, or a path."
    )
    static let xclientOn = ConfigurationKey(
        "xclient_on",
        .bool,
        default: .bool(false),
        origin: .goGuerrilla,
        summary: "Whether a front end in `trusted_networks` may pass the client's address with XCLIENT."
    )
    static let proxyOn = ConfigurationKey(
        "proxyon",
        .bool,
        default: .bool(false),
        origin: .goGuerrilla,
        summary: "Whether every connection starts with a PROXY protocol header, version 1 or 2. Written without an"
            + " underscore. A connection from outside `trusted_networks`, or without a proper header, is closed."
    )
    static let proxyTimeout = ConfigurationKey(
        "proxy_timeout",
        .seconds,
        default: .integer(5),
        range: 1...300,
        zeroMeansDefault: true,
        summary: "How long a connection may take to send its PROXY protocol header, where `proxyon` is set."
    )
    static let tls = ConfigurationKey(
        TLSKeys.container,
        .object,
        default: .described("off"),
        origin: .goGuerrilla,
        summary: "The settings of STARTTLS and of TLS from the start."
    )
    static let maxRecipients = ConfigurationKey(
        "max_recipients",
        .integer,
        unit: "recipients",
        default: .integer(100),
        range: 1...100_000,
        zeroMeansDefault: true,
        summary: "How many recipients a message may have. RFC 5321 § 4.5.3.1.8 requires at least 100."
    )
    static let maxMessagesPerSession = ConfigurationKey(
        "max_messages_per_session",
        .integer,
        unit: "messages",
        default: .integer(1000),
        range: count,
        zeroMeansDefault: true,
        summary: "How many messages a client may send over one connection."
    )
    static let maxCommandLine = ConfigurationKey(
        "max_command_line",
        .octets,
        default: .integer(2048),
        range: 512...65_536,
        zeroMeansDefault: true,
        summary: "The longest command line, with its CRLF. RFC 5321 § 4.5.3.1.4 requires at least 512."
    )
    static let dataOverrun = ConfigurationKey(
        "data_overrun",
        .octets,
        default: .described("the larger of 1,024,000 and 3 × `max_size`"),
        range: 1 ... .max,
        zeroMeansDefault: true,
        summary:
            "How much is read and discarded beyond `max_size`, so that the session survives with a 552. After that the connection is closed."
    )
    static let maxHeaderSize = ConfigurationKey(
        "max_header_size",
        .octets,
        default: .integer(1_048_576),
        range: 1 ... .max,
        zeroMeansDefault: true,
        summary: "The largest header section, with the empty line that ends it. Beyond it the reply is 552."
    )
    static let maxHeaderFields = ConfigurationKey(
        "max_header_fields",
        .integer,
        unit: "fields",
        default: .integer(1000),
        range: count,
        zeroMeansDefault: true,
        summary: "How many fields a header section may have. Beyond it the reply is 552."
    )
    static let maxReceivedHops = ConfigurationKey(
        "max_received_hops",
        .integer,
        unit: "fields",
        default: .integer(100),
        range: count,
        zeroMeansDefault: true,
        summary:
            "How many Received fields a message may have before it counts as going round in circles and the reply is"
            + " `554 5.4.6`. (RFC 5321 § 6.3)"
    )
    static let maxBadCommands = ConfigurationKey(
        "max_bad_commands",
        .integer,
        unit: "commands",
        default: .integer(10),
        range: count,
        zeroMeansDefault: true,
        summary: "How many commands may fail before the connection is closed."
    )
    static let maxIdleCommands = ConfigurationKey(
        "max_idle_commands",
        .integer,
        unit: "commands",
        default: .integer(2000),
        range: count,
        zeroMeansDefault: true,
        summary: "How many commands a client may send from one message to the next before the connection is closed;"
            + " an accepted MAIL, RCPT or DATA is not counted."
    )
    static let bareNewline = ConfigurationKey(
        "bare_newline",
        .string,
        default: .string("keep"),
        allowedValues: ["keep", "reject"],
        summary:
            "What to do with a CR or LF that stands alone in a message: `keep` it, or `reject` the message with `554 5.6.0`, unless it was"
            + " sent with `BODY=BINARYMIME`. Neither ever ends a line."
    )
    static let greetingDelay = ConfigurationKey(
        "greeting_delay",
        .seconds,
        default: .integer(0),
        range: 0...300,
        summary:
            "How long to wait before greeting. A client that speaks earlier is answered `554 5.5.1`. 0 greets at once."
    )
    static let commandTimeout = ConfigurationKey(
        "command_timeout",
        .seconds,
        default: .described("`timeout`"),
        range: seconds,
        zeroMeansDefault: true,
        summary: "How long a client may take for its next command."
    )
    static let dataTimeout = ConfigurationKey(
        "data_timeout",
        .seconds,
        default: .described("`timeout`"),
        range: seconds,
        zeroMeansDefault: true,
        summary: "How long a client may be silent within a message."
    )
    static let messageTimeout = ConfigurationKey(
        "message_timeout",
        .seconds,
        default: .integer(600),
        range: seconds,
        zeroMeansDefault: true,
        summary: "How long a client may take for a whole message."
    )
    static let sessionTimeout = ConfigurationKey(
        "session_timeout",
        .seconds,
        default: .integer(3600),
        range: seconds,
        zeroMeansDefault: true,
        summary: "How long a client may stay connected."
    )
    static let minDataRate = ConfigurationKey(
        "min_data_rate",
        .octets,
        unit: "octets per second",
        default: .integer(0),
        range: 0...1_000_000_000,
        summary:
            "The slowest a client may send a message, judged every 10 seconds from 354 or the first BDAT on, each time anew."
            + " Slower ones are"
            + " answered `421 4.4.2`. 0 switches the check off."
    )
    static let trustedNetworks = ConfigurationKey(
        "trusted_networks",
        .stringList,
        default: .stringList(["127.0.0.0/8", "::1/128"]),
        summary: "The networks whose XCLIENT commands and PROXY headers are believed: `192.0.2.0/24`,"
            + " `2001:db8::/32`, or single addresses. An empty list trusts nobody."
    )
    static let limitExemptNetworks = ConfigurationKey(
        "limit_exempt_networks",
        .stringList,
        default: .stringList([]),
        summary:
            "The networks the limits per address do not hold for, such as those of front ends: `192.0.2.0/24`, `2001:db8::/32`, or"
            + " single addresses."
    )
    static let maxClientsPerAddress = ConfigurationKey(
        "max_clients_per_address",
        .integer,
        unit: "connections",
        default: .described("no limit"),
        range: count,
        zeroMeansDefault: true,
        summary:
            "How many clients may be connected at once from one address (IPv4) or one /64 (IPv6). Further ones are answered"
            + " `421 4.7.0`."
    )
    static let connectionRatePerAddress = ConfigurationKey(
        "connection_rate_per_address",
        .integer,
        unit: "connections per minute",
        default: .described("no limit"),
        range: count,
        zeroMeansDefault: true,
        summary:
            "How often one address (IPv4) or one /64 (IPv6) may connect; so many may come at once. Further ones are answered"
            + " `421 4.7.0`."
    )
    static let certificates = ConfigurationKey(
        "certificates",
        .objectList,
        default: .described("the key pair of `tls`"),
        summary: "Further key pairs, chosen by the name the client asks for."
    )

    static let all =
        [
            isEnabled, hostName, listenInterface, maxSize, timeout, maxClients, logFile, xclientOn, proxyOn, tls,
            maxRecipients, maxMessagesPerSession, maxCommandLine, dataOverrun, maxBadCommands, maxIdleCommands,
            commandTimeout,
            dataTimeout,
            messageTimeout, sessionTimeout, maxHeaderSize, maxHeaderFields, maxReceivedHops, bareNewline, greetingDelay,
            minDataRate, proxyTimeout, trustedNetworks, limitExemptNetworks, maxClientsPerAddress,
            connectionRatePerAddress,
            certificates,
        ] + legacy

    /// Until May 2018 these stood here; go-guerrilla ignores them since, so that TLS quietly disappears.
    private static let legacy = ["private_key_file", "public_key_file", "start_tls_on", "tls_always_on"].map { name in
        ConfigurationKey(
            name,
            name.hasSuffix("_on") ? .bool : .string,
            origin: .goGuerrilla,
            isEffective: false,
            replacement: "move it into `tls`",
            summary: "Moved into `tls`."
        )
    }
}
