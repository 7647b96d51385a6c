/// Where the logs of a daemon go, and what is in them.
struct LogSettings: Sendable, Equatable {
    /// Where the lines go that are not about one server.
    var main: LogDestination
    /// Where those of the servers go that have a log of their own.
    var servers: [ListenInterface: LogDestination]
    /// The least severe lines that are written, in all logs.
    var level: LogLevel
    /// The form of all lines.
    var format: LogFormat

    /// Where the lines of a server go.
    func destination(of server: ListenInterface) -> LogDestination {
        self.servers[server] ?? self.main
    }

    /// What has to be open, each once.
    var openDestinations: Set<LogDestination> {
        Set(self.servers.values).union([self.main]).subtracting([.off])
    }
}

extension DaemonConfiguration {
    /// The settings of the logs.
    var logSettings: LogSettings {
        LogSettings(
            main: self.logFile,
            servers: Dictionary(
                self.enabledServers.compactMap { server in server.logFile.map { (server.listenInterface, $0) } }
            ) { $1 },
            level: self.logLevel,
            format: self.logFormat
        )
    }
}
