extension DaemonConfiguration {
    /// The servers that are to listen.
    var enabledServers: [ServerConfiguration] { self.servers.filter(\.isEnabled) }
}
