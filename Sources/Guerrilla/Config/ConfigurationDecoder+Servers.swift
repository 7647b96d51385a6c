import GuerrillaBackend
import GuerrillaMail

extension ConfigurationDecoder {
    /// The elements of `servers`. When there are none, the server of `configuration` stays.
    mutating func decodeServers(_ section: ConfigurationSection, into configuration: inout DaemonConfiguration) {
        let list = section.node(ApplicationKeys.servers)?.elements
        guard let elements = list, !elements.isEmpty else {
            if list != nil {
                let interfaces = configuration.servers.map(\.listenInterface.description).joined(separator: ", ")
                warn(
                    ApplicationKeys.servers.name,
                    "empty, which means the default: one enabled server on \(interfaces)",
                    line: section.line(ApplicationKeys.servers)
                )
            }
            return
        }
        let problemsBefore = problems.count
        var servers: [ServerConfiguration] = []
        for (index, element) in elements.enumerated() where element.members != nil {
            let keyPath = "servers[\(index)]"
            guard let server = decodeServer(element, index: index, at: keyPath) else { continue }
            guard !servers.contains(where: { $0.listenInterface == server.listenInterface }) else {
                warn(
                    "\(keyPath).listen_interface",
                    "an earlier server has the same interface \(server.listenInterface); this one is dropped",
                    line: element.position.line
                )
                continue
            }
            if server.isEnabled,
                let rival = servers.first(where: {
                    $0.isEnabled && $0.listenInterface.overlaps(server.listenInterface)
                })
            {
                problem(
                    "\(keyPath).listen_interface",
                    "\(server.listenInterface) and \(rival.listenInterface) of an earlier server cannot be had together: one is"
                        + " on all interfaces, the other's included",
                    line: element.position.line
                )
            }
            servers.append(server)
        }
        configuration.servers = servers
        warnOfFamilies(configuration)
        // A server that could not be read may be the enabled one.
        if problems.count == problemsBefore, !section.wrong.contains(ApplicationKeys.servers.name),
            !servers.contains(where: \.isEnabled)
        {
            problem(
                "servers",
                "there are no servers that can start, please check your config",
                line: section.line(ApplicationKeys.servers)
            )
        }
    }

    /// Who writes `[::]` beside one address of IPv4 may expect all others of IPv4 to be served as well.
    private mutating func warnOfFamilies(_ configuration: DaemonConfiguration) {
        for (index, server) in configuration.servers.enumerated() where server.isEnabled {
            let interface = server.listenInterface
            let rivals = configuration.enabledServers.map(\.listenInterface).filter {
                interface.keepsToItsFamily(beside: $0)
            }
            // With both of them everybody is served.
            guard let rival = rivals.first, !rivals.contains(where: \.isWildcardAddress) else { continue }
            let isIPv4 = interface.host == "0.0.0.0"
            warn(
                "servers[\(index)].\(ServerKeys.listenInterface.name)",
                "\(interface) is on \(isIPv4 ? "IPv4" : "IPv6") alone, because \(rival) of another server is an address of"
                    + " \(isIPv4 ? "IPv6" : "IPv4"); another one on \(isIPv4 ? "[::]" : "0.0.0.0"):\(interface.port) would serve the rest"
            )
        }
    }

    /// - Returns: nil when the server has no usable interface, which is reported.
    private mutating func decodeServer(
        _ node: ConfigurationNode,
        index: Int,
        at keyPath: String
    ) -> ServerConfiguration? {
        let section = section(of: node, at: keyPath, keys: table.server)
        let isEnabled = section.bool(ServerKeys.isEnabled) ?? false
        let tls = decodeTLS(of: section, at: keyPath, isServerEnabled: isEnabled)
        let hostName = hostName(section, ServerKeys.hostName, at: keyPath)
        guard let listenInterface = listenInterface(section, index: index, at: keyPath, line: node.position.line) else {
            return nil
        }
        var server = ServerConfiguration(listenInterface: listenInterface, hostName: hostName ?? self.hostName)
        server.isEnabled = isEnabled
        server.tls = tls
        server.logFile = section.string(ServerKeys.logFile).map { LogDestination($0) }
        server.maximumMessageSize = section.integer(ServerKeys.maxSize) ?? server.maximumMessageSize
        server.maximumClients = section.integer(ServerKeys.maxClients) ?? server.maximumClients
        server.maximumClientsPerAddress = section.integer(ServerKeys.maxClientsPerAddress)
        server.connectionRatePerAddress = section.integer(ServerKeys.connectionRatePerAddress)
        server.limitExemptNetworks = networks(section, ServerKeys.limitExemptNetworks, at: keyPath) ?? []
        server.maximumRecipients = section.integer(ServerKeys.maxRecipients) ?? server.maximumRecipients
        server.maximumMessagesPerSession =
            section.integer(ServerKeys.maxMessagesPerSession) ?? server.maximumMessagesPerSession
        server.maximumCommandLine = section.integer(ServerKeys.maxCommandLine) ?? server.maximumCommandLine
        if let value = section.integer(ServerKeys.dataOverrun) {
            server.dataOverrun = value
        }
        server.maximumHeaderSize = section.integer(ServerKeys.maxHeaderSize) ?? server.maximumHeaderSize
        server.maximumHeaderFields = section.integer(ServerKeys.maxHeaderFields) ?? server.maximumHeaderFields
        server.maximumReceivedHops = section.integer(ServerKeys.maxReceivedHops) ?? server.maximumReceivedHops
        server.refusesBareNewlines = section.string(ServerKeys.bareNewline) == "reject"
        server.maximumBadCommands = section.integer(ServerKeys.maxBadCommands) ?? server.maximumBadCommands
        server.maximumIdleCommands = section.integer(ServerKeys.maxIdleCommands) ?? server.maximumIdleCommands
        server.minimumDataRate = section.integer(ServerKeys.minDataRate) ?? server.minimumDataRate
        server.greetingDelay = section.duration(ServerKeys.greetingDelay) ?? server.greetingDelay
        server.timeout = section.duration(ServerKeys.timeout) ?? server.timeout
        if let value = section.duration(ServerKeys.commandTimeout) {
            server.commandTimeout = value
        }
        if let value = section.duration(ServerKeys.dataTimeout) {
            server.dataTimeout = value
        }
        server.messageTimeout = section.duration(ServerKeys.messageTimeout) ?? server.messageTimeout
        server.sessionTimeout = section.duration(ServerKeys.sessionTimeout) ?? server.sessionTimeout
        server.isXCLIENTOn = section.bool(ServerKeys.xclientOn) ?? server.isXCLIENTOn
        server.isProxyOn = section.bool(ServerKeys.proxyOn) ?? server.isProxyOn
        server.proxyTimeout = section.duration(ServerKeys.proxyTimeout) ?? server.proxyTimeout
        server.trustedNetworks = networks(section, ServerKeys.trustedNetworks, at: keyPath) ?? server.trustedNetworks
        return server
    }

    /// A list of networks, in which every entry that is none is named. An empty list is a list, unlike other empty values:
    /// nobody is in it.
    private mutating func networks(
        _ section: ConfigurationSection,
        _ key: ConfigurationKey,
        at keyPath: String
    ) -> [IPNetwork]? {
        guard case .array(let elements)? = section.values[key.name] else { return nil }
        var networks: [IPNetwork] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let text) = element else { continue }
            do throws(IPNetworkSyntaxError) {
                networks.append(try IPNetwork(parsing: text))
            } catch {
                let path = "\(keyPath).\(key.name)[\(index)]"
                problem(path, "\(ConfigurationValue.quoted(text)): \(error)", line: section.line(key))
            }
        }
        return networks
    }

    private mutating func listenInterface(
        _ section: ConfigurationSection,
        index: Int,
        at keyPath: String,
        line: Int
    ) -> ListenInterface? {
        let key = ServerKeys.listenInterface
        guard let text = section.string(key) else {
            if !section.wrong.contains(key.name) {
                let message = "listen interface not specified for server at index \(index)"
                problem("\(keyPath).\(key.name)", message, line: section.line(key) ?? line)
            }
            return nil
        }
        guard let listenInterface = ListenInterface(text) else {
            let message =
                "expected address:port, such as 127.0.0.1:25, [::1]:25 or :25, found \(ConfigurationValue.quoted(text))"
            problem("\(keyPath).\(key.name)", message, line: section.line(key))
            return nil
        }
        if let reason = listenInterface.problem {
            problem("\(keyPath).\(key.name)", reason, line: section.line(key))
            return nil
        }
        return listenInterface
    }

    /// A host name. It ends up in replies and header fields, where a space or a line break would do harm.
    mutating func hostName(_ section: ConfigurationSection, _ key: ConfigurationKey, at keyPath: String) -> String? {
        guard let name = section.string(key) else { return nil }
        let isUsable = name.unicodeScalars.allSatisfy {
            !$0.properties.isWhitespace && $0.properties.generalCategory != .control
        }
        guard isUsable else {
            let message = "a host name holds no spaces or control characters, found \(ConfigurationValue.quoted(name))"
            problem(Self.join(keyPath, key.name), message, line: section.line(key))
            return nil
        }
        return name
    }
}
