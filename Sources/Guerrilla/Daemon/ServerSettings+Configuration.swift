import GuerrillaServer

extension ServerSettings {
    /// What a server does that is configured like this; all but TLS.
    init(_ server: ServerConfiguration, log: Log) {
        self.init(hostName: server.hostName, version: GuerrillaVersion.current, logger: log.logger)
        self.limits = server.limits
        self.connection = server.connection
        self.messageLog = { log.write($0, $1) }
    }
}
