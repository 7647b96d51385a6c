import GuerrillaBackend
import GuerrillaMail

/// The keys of an element of `servers`.
enum ServerKeys {
    /// A year: long enough to mean "no limit", and far from the overflow of a deadline in nanoseconds.
    private static let seconds: ClosedRange<Int64> = 1...31_536_000
    private static let count: ClosedRange<Int64> = 1...1_000_000

    static let isEnabled: Key<ServerConfiguration, Bool> = Key(
        "is_enabled",
        \.isEnabled,
        .bool,
        default: .bool(false),
        origin: .goGuerrilla,
        summary: "Whether the server listens."
    )
    static let hostName: Key<ServerConfiguration, String> = Key(
        "host_name",
        \.hostName,
        .hostName,
        default: .described("the operating system's host name"),
        origin: .goGuerrilla,
        summary: "The name in the greeting and in the replies to HELO and EHLO."
    )
    static let listenInterface: Key<ServerConfiguration, ListenInterface> = Key(
        "listen_interface",
        \.listenInterface,
        .listenInterface,
        isRequired: true,
        origin: .goGuerrilla,
        summary:
            "`address:port`; an IPv6 address stands in brackets: `[::1]:25`. `:port` listens on all interfaces, with IPv6 and IPv4;"
            + " so do `*:port`, `0.0.0.0:port` and `[::]:port`, but the last two leave a family alone on which another server has the"
            + " port. Of a name with several addresses the first one of IPv4 counts. It identifies the server when the configuration is"
            + " reloaded, so it must be unique."
    )
    static let maxSize: Key<ServerConfiguration, Int> = Key(
        "max_size",
        \.limits.messageSize,
        .octets,
        origin: .goGuerrilla,
        range: 1 ... .max,
        zeroMeansDefault: true,
        summary: "The largest message accepted. It is announced with `SIZE`; beyond it the reply is 552."
    )
    static let timeout: Key<ServerConfiguration, Duration> = Key(
        "timeout",
        \.connection.timeout,
        .seconds,
        origin: .goGuerrilla,
        range: seconds,
        zeroMeansDefault: true,
        summary: "How long a client may be silent."
    )
    static let maxClients: Key<ServerConfiguration, Int> = Key(
        "max_clients",
        \.connection.maximumClients,
        .integer,
        unit: "connections",
        origin: .goGuerrilla,
        range: count,
        zeroMeansDefault: true,
        summary: "How many clients may be connected at once. Further ones are answered `421 4.3.2`."
    )
    static let logFile: Key<ServerConfiguration, LogDestination?> = Key(
        "log_file",
        \.logFile,
        .optional(.logDestination),
        default: .described("the `log_file` of the application"),
        origin: .goGuerrilla,
        summary:
            "Where the lines about this server's connections and messages go: `stderr`, `stdout`, `off`, or a path."
    )
    static let xclientOn: Key<ServerConfiguration, Bool> = Key(
        "xclient_on",
        \.connection.isXCLIENTOn,
        .bool,
        origin: .goGuerrilla,
        summary: "Whether a front end in `trusted_networks` may pass the client's address with XCLIENT."
    )
    static let proxyOn: Key<ServerConfiguration, Bool> = Key(
        "proxyon",
        \.connection.isProxyOn,
        .bool,
        origin: .goGuerrilla,
        summary: "Whether every connection starts with a PROXY protocol header, version 1 or 2. Written without an"
            + " underscore. A connection from outside `trusted_networks`, or without a proper header, is closed."
    )
    static let proxyTimeout: Key<ServerConfiguration, Duration> = Key(
        "proxy_timeout",
        \.connection.proxyTimeout,
        .seconds,
        range: 1...300,
        zeroMeansDefault: true,
        summary: "How long a connection may take to send its PROXY protocol header, where `proxyon` is set."
    )
    static let tls = ObjectKey<ServerConfiguration>(
        TLSKeys.container,
        .object,
        default: .described("off"),
        origin: .goGuerrilla,
        summary: "The settings of STARTTLS and of TLS from the start."
    )
    static let maxRecipients: Key<ServerConfiguration, Int> = Key(
        "max_recipients",
        \.limits.recipients,
        .integer,
        unit: "recipients",
        range: 1...100_000,
        zeroMeansDefault: true,
        summary: "How many recipients a message may have. RFC 5321 § 4.5.3.1.8 requires at least 100."
    )
    static let maxMessagesPerSession: Key<ServerConfiguration, Int> = Key(
        "max_messages_per_session",
        \.limits.messages,
        .integer,
        unit: "messages",
        range: count,
        zeroMeansDefault: true,
        summary: "How many messages a client may send over one connection."
    )
    static let maxCommandLine: Key<ServerConfiguration, Int> = Key(
        "max_command_line",
        \.limits.commandLine,
        .octets,
        range: 512...65_536,
        zeroMeansDefault: true,
        summary: "The longest command line, with its CRLF. RFC 5321 § 4.5.3.1.4 requires at least 512."
    )
    static let dataOverrun: Key<ServerConfiguration, Int?> = Key(
        "data_overrun",
        \.limits.chosenDataOverrun,
        .optional(.octets),
        default: .described("the larger of 1,024,000 and 3 × `max_size`"),
        range: 1 ... .max,
        zeroMeansDefault: true,
        summary:
            "How much is read and discarded beyond `max_size`, so that the session survives with a 552. After that the connection is closed."
    )
    static let maxHeaderSize: Key<ServerConfiguration, Int> = Key(
        "max_header_size",
        \.limits.headerSize,
        .octets,
        range: 1 ... .max,
        zeroMeansDefault: true,
        summary: "The largest header section, with the empty line that ends it. Beyond it the reply is 552."
    )
    static let maxHeaderFields: Key<ServerConfiguration, Int> = Key(
        "max_header_fields",
        \.limits.headerFields,
        .integer,
        unit: "fields",
        range: count,
        zeroMeansDefault: true,
        summary: "How many fields a header section may have. Beyond it the reply is 552."
    )
    static let maxReceivedHops: Key<ServerConfiguration, Int> = Key(
        "max_received_hops",
        \.limits.receivedHops,
        .integer,
        unit: "fields",
        range: count,
        zeroMeansDefault: true,
        summary:
            "How many Received fields a message may have before it counts as going round in circles and the reply is"
            + " `554 5.4.6`. (RFC 5321 § 6.3)"
    )
    static let maxBadCommands: Key<ServerConfiguration, Int> = Key(
        "max_bad_commands",
        \.limits.badCommands,
        .integer,
        unit: "commands",
        range: count,
        zeroMeansDefault: true,
        summary: "How many commands may fail before the connection is closed."
    )
    static let maxIdleCommands: Key<ServerConfiguration, Int> = Key(
        "max_idle_commands",
        \.limits.idleCommands,
        .integer,
        unit: "commands",
        range: count,
        zeroMeansDefault: true,
        summary: "How many commands a client may send from one message to the next before the connection is closed;"
            + " an accepted MAIL, RCPT or DATA is not counted."
    )
    static let bareNewline: Key<ServerConfiguration, Bool> = Key(
        "bare_newline",
        \.limits.refusesBareNewlines,
        .either("keep", "reject"),
        summary:
            "What to do with a CR or LF that stands alone in a message: `keep` it, or `reject` the message with `554 5.6.0`, unless it was"
            + " sent with `BODY=BINARYMIME`. Neither ever ends a line."
    )
    static let greetingDelay: Key<ServerConfiguration, Duration> = Key(
        "greeting_delay",
        \.connection.greetingDelay,
        .seconds,
        range: 0...300,
        summary:
            "How long to wait before greeting. A client that speaks earlier is answered `554 5.5.1`. 0 greets at once."
    )
    static let commandTimeout: Key<ServerConfiguration, Duration?> = Key(
        "command_timeout",
        \.connection.chosenCommandTimeout,
        .optional(.seconds),
        default: .described("`timeout`"),
        range: seconds,
        zeroMeansDefault: true,
        summary: "How long a client may take for its next command."
    )
    static let dataTimeout: Key<ServerConfiguration, Duration?> = Key(
        "data_timeout",
        \.connection.chosenDataTimeout,
        .optional(.seconds),
        default: .described("`timeout`"),
        range: seconds,
        zeroMeansDefault: true,
        summary: "How long a client may be silent within a message."
    )
    static let messageTimeout: Key<ServerConfiguration, Duration> = Key(
        "message_timeout",
        \.connection.messageTimeout,
        .seconds,
        range: seconds,
        zeroMeansDefault: true,
        summary: "How long a client may take for a whole message."
    )
    static let sessionTimeout: Key<ServerConfiguration, Duration> = Key(
        "session_timeout",
        \.connection.sessionTimeout,
        .seconds,
        range: seconds,
        zeroMeansDefault: true,
        summary: "How long a client may stay connected."
    )
    static let minDataRate: Key<ServerConfiguration, Int> = Key(
        "min_data_rate",
        \.connection.minimumDataRate,
        .octets,
        unit: "octets per second",
        range: 0...1_000_000_000,
        summary:
            "The slowest a client may send a message, judged every 10 seconds from 354 or the first BDAT on, each time anew."
            + " Slower ones are"
            + " answered `421 4.4.2`. 0 switches the check off."
    )
    static let trustedNetworks: Key<ServerConfiguration, [IPNetwork]> = Key(
        "trusted_networks",
        \.connection.trustedNetworks,
        .networks,
        summary: "The networks whose XCLIENT commands and PROXY headers are believed: `192.0.2.0/24`,"
            + " `2001:db8::/32`, or single addresses. An empty list trusts nobody."
    )
    static let limitExemptNetworks: Key<ServerConfiguration, [IPNetwork]> = Key(
        "limit_exempt_networks",
        \.connection.limitExemptNetworks,
        .networks,
        summary:
            "The networks the limits per address do not hold for, such as those of front ends: `192.0.2.0/24`, `2001:db8::/32`, or"
            + " single addresses."
    )
    static let maxClientsPerAddress: Key<ServerConfiguration, Int?> = Key(
        "max_clients_per_address",
        \.connection.maximumClientsPerAddress,
        .optional(.integer),
        unit: "connections",
        default: .described("no limit"),
        range: count,
        zeroMeansDefault: true,
        summary:
            "How many clients may be connected at once from one address (IPv4) or one /64 (IPv6). Further ones are answered"
            + " `421 4.7.0`."
    )
    static let connectionRatePerAddress: Key<ServerConfiguration, Int?> = Key(
        "connection_rate_per_address",
        \.connection.connectionRatePerAddress,
        .optional(.integer),
        unit: "connections per minute",
        default: .described("no limit"),
        range: count,
        zeroMeansDefault: true,
        summary:
            "How often one address (IPv4) or one /64 (IPv6) may connect; so many may come at once. Further ones are answered"
            + " `421 4.7.0`."
    )
    static let certificates = ObjectKey<ServerConfiguration>(
        "certificates",
        .objectList,
        default: .described("the key pair of `tls`"),
        summary: "Further key pairs, chosen by the name the client asks for."
    )

    static let rows: [any ConfigurationRow<ServerConfiguration>] = [
        isEnabled, hostName, listenInterface, maxSize, timeout, maxClients, logFile, xclientOn, proxyOn, tls,
        maxRecipients, maxMessagesPerSession, maxCommandLine, dataOverrun, maxBadCommands, maxIdleCommands,
        commandTimeout,
        dataTimeout,
        messageTimeout, sessionTimeout, maxHeaderSize, maxHeaderFields, maxReceivedHops, bareNewline, greetingDelay,
        minDataRate, proxyTimeout, trustedNetworks, limitExemptNetworks, maxClientsPerAddress,
        connectionRatePerAddress,
        certificates,
    ]

    static let all = rows.map(\.description) + retired

    /// Until May 2018 these stood here; go-guerrilla ignores them since, so that TLS quietly disappears.
    private static let retired = ["private_key_file", "public_key_file", "start_tls_on", "tls_always_on"].map { name in
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
