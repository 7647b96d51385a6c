public import GuerrillaSMTP
public import Logging

/// What one server does: an immutable snapshot, taken by each connection when it is accepted.
public struct ServerSettings: Sendable {
    /// The name in the greeting, in replies and in Received (`host_name`).
    public var hostName: String
    /// The version in the greeting.
    public var version: String
    /// What a session allows.
    public var limits = SMTPSessionLimits()
    /// What a connection allows, and who is believed.
    public var connection = ConnectionSettings()
    /// When and how the server speaks TLS; nil if it does not. The default is nil.
    public var tls: TLSOffer?
    /// For the events of this server's connections.
    public var logger: Logger
    /// Told what became of every message that got a verdict, on the connection's event loop: it must not block. Nil if nobody wants to
    /// know. The record is made by whoever wants to see it.
    public var messageLog: (@Sendable (_ outcome: MessageRecord.Outcome, _ record: () -> MessageRecord) -> Void)?

    /// Creates the settings of a server with their defaults.
    public init(hostName: String, version: String = "dev", logger: Logger) {
        self.hostName = hostName
        self.version = version
        self.logger = logger
    }
}
