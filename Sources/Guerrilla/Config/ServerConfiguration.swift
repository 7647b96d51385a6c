public import GuerrillaMail
public import GuerrillaServer

/// How one server listens and what it allows its clients.
///
/// ```swift
/// var server = ServerConfiguration(listenInterface: ListenInterface(host: "127.0.0.1", port: 2525))
/// server.maximumMessageSize = 50_000_000
/// ```
public struct ServerConfiguration: Sendable, Equatable {
    /// Whether the server listens. The default is `true` for a server made in code, `false` for one in a file.
    public var isEnabled = true

    /// The name in the greeting and in the replies to HELO and EHLO. The default is the operating system's host name.
    public var hostName: String

    /// The address to listen on; it identifies the server. The default is 127.0.0.1:2525.
    public var listenInterface: ListenInterface

    /// The largest message accepted, in octets. The default is 10,485,760.
    public var maximumMessageSize = 10_485_760

    /// How long a client may be silent. The default is 30 seconds.
    public var timeout: Duration = .seconds(30)

    /// How many clients may be connected at once. The default is 100.
    public var maximumClients = 100

    /// How many clients may be connected at once from one IPv4 address or one IPv6 /64. The default is nil: no limit.
    public var maximumClientsPerAddress: Int?

    /// How many clients may connect in a minute from one IPv4 address or one IPv6 /64. The default is nil: no limit.
    public var connectionRatePerAddress: Int?

    /// The networks that the limits per address do not hold for. The default is none.
    public var limitExemptNetworks: [IPNetwork] = []

    /// How many recipients a message may have. The default is 100. (RFC 5321 § 4.5.3.1.8)
    public var maximumRecipients = 100

    /// How many messages a client may send over one connection. The default is 1000.
    public var maximumMessagesPerSession = 1000

    /// The longest command line in octets, with its CRLF. The default is 2048. (RFC 5321 § 4.5.3.1.4)
    public var maximumCommandLine = 2048

    /// How many octets are read and discarded beyond ``maximumMessageSize`` before the connection is closed. The default is the larger of
    /// 1,024,000 and 3 × ``maximumMessageSize``.
    public var dataOverrun: Int {
        get {
            let (triple, overflow) = maximumMessageSize.multipliedReportingOverflow(by: 3)
            return chosenDataOverrun ?? (overflow ? .max : max(1_024_000, triple))
        }
        set { chosenDataOverrun = newValue }
    }

    /// The largest header section in octets, with the empty line that ends it. The default is 1 MiB.
    public var maximumHeaderSize = 1_048_576

    /// How many fields a header section may have. The default is 1000.
    public var maximumHeaderFields = 1000

    /// How many Received fields a message may have before it counts as going round in circles. The default is 100. (RFC 5321 § 6.3)
    public var maximumReceivedHops = 100

    /// Whether a message in which a CR or LF stands alone is refused. The default is false: they are kept as sent and end no line.
    public var refusesBareNewlines = false

    /// How many commands may fail before the connection is closed. The default is 10.
    public var maximumBadCommands = 10

    /// How many commands a client may send from one message to the next before the connection is closed; an accepted MAIL, RCPT or DATA is
    /// not counted. The default is 2000.
    public var maximumIdleCommands = 2000

    /// How long a client has to wait, silently, for its greeting. The default is zero.
    public var greetingDelay: Duration = .zero

    /// How long a client may take for its next command. The default is ``timeout``.
    public var commandTimeout: Duration {
        get { chosenCommandTimeout ?? timeout }
        set { chosenCommandTimeout = newValue }
    }

    /// How long a client may be silent within a message. The default is ``timeout``.
    public var dataTimeout: Duration {
        get { chosenDataTimeout ?? timeout }
        set { chosenDataTimeout = newValue }
    }

    /// How long a client may take for a whole message. The default is 600 seconds.
    public var messageTimeout: Duration = .seconds(600)

    /// How many octets of a message have to arrive per second, judged every 10 seconds. The default is 0: no minimum.
    public var minimumDataRate = 0

    /// How long a client may stay connected. The default is 3600 seconds.
    public var sessionTimeout: Duration = .seconds(3600)

    /// Whether a front end in ``trustedNetworks`` may pass the client's address with XCLIENT. The default is `false`.
    public var isXCLIENTOn = false

    /// Whether every connection starts with a PROXY protocol header. The default is `false`.
    public var isProxyOn = false

    /// How long a connection may take to send its PROXY protocol header. The default is 5 seconds.
    public var proxyTimeout: Duration = .seconds(5)

    /// The networks whose XCLIENT commands and PROXY headers are believed. The default is the loopback addresses.
    public var trustedNetworks = IPNetwork.loopback

    /// The settings of TLS. The default is off.
    public var tls = TLSSettings()

    /// Where this server's log goes. The default is nil: where the application's goes.
    public var logFile: LogDestination?

    private var chosenDataOverrun: Int?
    private var chosenCommandTimeout: Duration?
    private var chosenDataTimeout: Duration?

    /// Makes a server with every other default.
    public init(
        listenInterface: ListenInterface = ListenInterface(host: "127.0.0.1", port: 2525),
        hostName: String = HostName.current
    ) {
        self.listenInterface = listenInterface
        self.hostName = hostName
    }

    /// The address or host name to listen on, nil for all interfaces.
    public var host: String? {
        listenInterface.host
    }

    /// The port to listen on.
    public var port: Int {
        listenInterface.port
    }
}
