import GuerrillaServer

extension ServerSettings {
    /// What a server does that is configured like this; all but TLS.
    init(_ server: ServerConfiguration, log: Log) {
        self.init(hostName: server.hostName, version: GuerrillaVersion.current, logger: log.logger)
        self.limits.messageSize = server.maximumMessageSize
        self.limits.recipients = server.maximumRecipients
        self.limits.messages = server.maximumMessagesPerSession
        self.limits.commandLine = server.maximumCommandLine
        self.limits.dataOverrun = server.dataOverrun
        self.limits.headerSize = server.maximumHeaderSize
        self.limits.headerFields = server.maximumHeaderFields
        self.limits.receivedHops = server.maximumReceivedHops
        self.limits.refusesBareNewlines = server.refusesBareNewlines
        self.limits.badCommands = server.maximumBadCommands
        self.limits.idleCommands = server.maximumIdleCommands
        self.maximumClients = server.maximumClients
        self.maximumClientsPerAddress = server.maximumClientsPerAddress
        self.connectionRatePerAddress = server.connectionRatePerAddress
        self.limitExemptNetworks = server.limitExemptNetworks
        self.greetingDelay = server.greetingDelay
        self.commandTimeout = server.commandTimeout
        self.dataTimeout = server.dataTimeout
        self.messageTimeout = server.messageTimeout
        self.minimumDataRate = server.minimumDataRate
        self.sessionTimeout = server.sessionTimeout
        self.isXCLIENTOn = server.isXCLIENTOn
        self.isProxyOn = server.isProxyOn
        self.proxyTimeout = server.proxyTimeout
        self.trustedNetworks = server.trustedNetworks
        self.messageLog = { log.write($0, $1) }
    }
}
