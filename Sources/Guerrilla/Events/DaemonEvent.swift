/// Something that happened to a running daemon, with go-guerrilla's names.
///
/// It is told after it has happened: who hears of `.newConfig` finds the daemon running on it.
public enum DaemonEvent: Sendable, Equatable {
    /// Some key of the configuration is different.
    case newConfig(DaemonConfiguration)
    /// `allowed_hosts` is different.
    case allowedHosts(DaemonConfiguration)
    /// `pid_file` is different.
    case pidFile(DaemonConfiguration)
    /// `log_file` is different.
    case logFile(DaemonConfiguration)
    /// The log was opened again.
    case logReopen(DaemonConfiguration)
    /// `log_level` is different.
    case logLevel(DaemonConfiguration)
    /// Something in `backend_config` is different.
    case backendConfig(DaemonConfiguration)
    /// There is a server that was not there before.
    case serverNew(ServerConfiguration)
    /// A server, as it was configured, is no longer there.
    case serverRemove(ServerConfiguration)
    /// Some key of a server is different.
    case serverConfig(ServerConfiguration)
    /// A server was enabled.
    case serverStart(ServerConfiguration)
    /// A server was disabled.
    case serverStop(ServerConfiguration)
    /// `log_file` of a server is different.
    case serverLogFile(ServerConfiguration)
    /// The log of a server was opened again.
    case serverLogReopen(ServerConfiguration)
    /// `timeout` of a server is different.
    case serverTimeout(ServerConfiguration)
    /// `max_clients` of a server is different.
    case serverMaxClients(ServerConfiguration)
    /// The TLS settings of a server are different, or its certificates were read again.
    case serverTLSConfig(ServerConfiguration)

    /// What an event is about, spelled as in go-guerrilla.
    public enum Topic: String, Sendable, Hashable, CaseIterable {
        /// ``DaemonEvent/newConfig(_:)``
        case newConfig = "config_change:new_config"
        /// ``DaemonEvent/allowedHosts(_:)``
        case allowedHosts = "config_change:allowed_hosts"
        /// ``DaemonEvent/pidFile(_:)``
        case pidFile = "config_change:pid_file"
        /// ``DaemonEvent/logFile(_:)``
        case logFile = "config_change:log_file"
        /// ``DaemonEvent/logReopen(_:)``
        case logReopen = "config_change:reopen_log_file"
        /// ``DaemonEvent/logLevel(_:)``
        case logLevel = "config_change:log_level"
        /// ``DaemonEvent/backendConfig(_:)``
        case backendConfig = "config_change:backend_config"
        /// ``DaemonEvent/serverNew(_:)``
        case serverNew = "server_change:new_server"
        /// ``DaemonEvent/serverRemove(_:)``
        case serverRemove = "server_change:remove_server"
        /// ``DaemonEvent/serverConfig(_:)``
        case serverConfig = "server_change:update_config"
        /// ``DaemonEvent/serverStart(_:)``
        case serverStart = "server_change:start_server"
        /// ``DaemonEvent/serverStop(_:)``
        case serverStop = "server_change:stop_server"
        /// ``DaemonEvent/serverLogFile(_:)``
        case serverLogFile = "server_change:new_log_file"
        /// ``DaemonEvent/serverLogReopen(_:)``
        case serverLogReopen = "server_change:reopen_log_file"
        /// ``DaemonEvent/serverTimeout(_:)``
        case serverTimeout = "server_change:timeout"
        /// ``DaemonEvent/serverMaxClients(_:)``
        case serverMaxClients = "server_change:max_clients"
        /// ``DaemonEvent/serverTLSConfig(_:)``
        case serverTLSConfig = "server_change:tls_config"
    }

    /// What the event is about.
    public var topic: Topic {
        switch self {
        case .newConfig: .newConfig
        case .allowedHosts: .allowedHosts
        case .pidFile: .pidFile
        case .logFile: .logFile
        case .logReopen: .logReopen
        case .logLevel: .logLevel
        case .backendConfig: .backendConfig
        case .serverNew: .serverNew
        case .serverRemove: .serverRemove
        case .serverConfig: .serverConfig
        case .serverStart: .serverStart
        case .serverStop: .serverStop
        case .serverLogFile: .serverLogFile
        case .serverLogReopen: .serverLogReopen
        case .serverTimeout: .serverTimeout
        case .serverMaxClients: .serverMaxClients
        case .serverTLSConfig: .serverTLSConfig
        }
    }
}
