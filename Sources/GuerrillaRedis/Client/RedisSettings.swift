package import Logging

/// How to speak with the servers.
package struct RedisSettings: Sendable {
    /// Where they are.
    package var interface: RedisInterface
    /// How long to wait for a connection, and for the replies to one pipeline.
    package var timeout: Duration = .seconds(5)
    /// How many replicas have to have a message; 0 does not ask.
    package var waitReplicas = 0
    /// How long to wait for them.
    package var waitTimeout: Duration = .seconds(1)
    /// Certificates of the authorities that a server's certificate has to come from; nil for the system's.
    package var caFile: String?
    /// Where changes of a server's state are logged.
    package var logger: Logger

    /// Creates settings with the defaults.
    package init(interface: RedisInterface, logger: Logger) {
        self.interface = interface
        self.logger = logger
    }
}
