public import GuerrillaMail

/// What a server allows its connections, and what it believes of them.
public struct ConnectionSettings: Sendable, Equatable {
    /// Connections at once; the next one is told 421 (`max_clients`). The default is 100.
    public var maximumClients = 100
    /// Connections at once from one IPv4 address or one IPv6 /64; the next one is told 421 (`max_clients_per_address`).
    /// The default is nil: no limit.
    public var maximumClientsPerAddress: Int?
    /// New connections a minute from one IPv4 address or one IPv6 /64; the next one is told 421
    /// (`connection_rate_per_address`). So many may come at once. The default is nil: no limit.
    public var connectionRatePerAddress: Int?
    /// The networks that the limits per address do not hold for (`limit_exempt_networks`). The default is none.
    public var limitExemptNetworks: [IPNetwork] = []
    /// How long the peer has to wait, silently, for its greeting (`greeting_delay`). The default is not at all.
    public var greetingDelay: Duration = .zero
    /// How long the peer may be silent (`timeout`). The default is 30 seconds.
    public var timeout: Duration = .seconds(30)
    /// How long the peer may take for a command, from our last reply (`command_timeout`). The default is ``timeout``.
    public var commandTimeout: Duration {
        get { self.chosenCommandTimeout ?? self.timeout }
        set { self.chosenCommandTimeout = newValue }
    }
    /// How long the peer may be silent within a message (`data_timeout`). The default is ``timeout``.
    public var dataTimeout: Duration {
        get { self.chosenDataTimeout ?? self.timeout }
        set { self.chosenDataTimeout = newValue }
    }
    /// How long a whole message may take, from 354 or the first BDAT (`message_timeout`). The default is 600 seconds.
    public var messageTimeout: Duration = .seconds(600)
    /// Octets of a message that have to arrive per second (`min_data_rate`), judged every ``dataRateWindow`` by itself. The
    /// default is 0: no minimum.
    public var minimumDataRate = 0
    /// How much time ``minimumDataRate`` is judged over. The default is 10 seconds.
    public var dataRateWindow: Duration = .seconds(10)
    /// How long a session may last (`session_timeout`). The default is 3,600 seconds.
    public var sessionTimeout: Duration = .seconds(3_600)
    /// Whether a peer in ``trustedNetworks`` may pass the client's address with XCLIENT (`xclient_on`). The default is false.
    public var isXCLIENTOn = false
    /// Whether every connection starts with a PROXY protocol header (`proxyon`). The default is false.
    public var isProxyOn = false
    /// How long a connection may take for its PROXY protocol header (`proxy_timeout`). The default is 5 seconds.
    public var proxyTimeout: Duration = .seconds(5)
    /// The networks whose XCLIENT commands and PROXY headers are believed (`trusted_networks`). The default is the loopback
    /// addresses.
    public var trustedNetworks = IPNetwork.loopback
    /// Octets that may arrive while a verdict is pending; beyond, the connection is closed. Reading stops long before:
    /// only what the system had buffered when the peer half-closed can add up. The default is 1 MiB.
    public var maximumPendingInput = 1_048_576

    /// ``commandTimeout`` where it was set by itself.
    package var chosenCommandTimeout: Duration?
    /// ``dataTimeout`` where it was set by itself.
    package var chosenDataTimeout: Duration?

    /// The defaults.
    public init() {}
}
