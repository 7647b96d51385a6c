public import GuerrillaBackend
public import GuerrillaSMTP
public import GuerrillaServer

/// How one server listens and what it allows its clients.
///
/// ```swift
/// var server = ServerConfiguration(listenInterface: ListenInterface(host: "127.0.0.1", port: 2525))
/// server.limits.messageSize = 50_000_000
/// server.connection.maximumClients = 500
/// ```
public struct ServerConfiguration: Sendable, Equatable, ConfigurationOwner {
    /// Whether the server listens. The default is `true` for a server made in code, `false` for one in a file.
    public var isEnabled = true

    /// The name in the greeting and in the replies to HELO and EHLO. The default is the operating system's host name.
    public var hostName: String

    /// The address to listen on; it identifies the server. The default is 127.0.0.1:2525.
    public var listenInterface: ListenInterface

    /// What a session allows: sizes and counts.
    public var limits = SMTPSessionLimits()

    /// What a connection allows: clients, times, and who is believed.
    public var connection = ConnectionSettings()

    /// The settings of TLS. The default is off.
    public var tls = TLSSettings()

    /// Where this server's log goes. The default is nil: where the application's goes.
    public var logFile: LogDestination?

    /// Makes a server with every other default.
    public init(
        listenInterface: ListenInterface = ListenInterface(host: "127.0.0.1", port: 2525),
        hostName: String = HostName.current
    ) {
        self.listenInterface = listenInterface
        self.hostName = hostName
    }

    /// A server on 127.0.0.1:2525 that has no name.
    public static let defaults = ServerConfiguration(hostName: "")

    /// The address or host name to listen on, nil for all interfaces.
    public var host: String? {
        listenInterface.host
    }

    /// The port to listen on.
    public var port: Int {
        listenInterface.port
    }
}
