import GuerrillaBackend

extension ConfigurationDecoder {
    /// The elements of `servers`. When there are none, the server of `configuration` stays.
    mutating func decodeServers(_ section: ConfigurationSection, into configuration: inout DaemonConfiguration) {
        let list = section.node(ApplicationKeys.servers.description)?.elements
        guard let elements = list, !elements.isEmpty else {
            if list != nil {
                let interfaces = configuration.servers.map(\.listenInterface.description).joined(separator: ", ")
                warn(
                    ApplicationKeys.servers.name,
                    "empty, which means the default: one enabled server on \(interfaces)",
                    line: section.line(ApplicationKeys.servers.description)
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
                line: section.line(ApplicationKeys.servers.description)
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
        var server = ServerConfiguration(hostName: self.hostName)
        // One that is not to listen need not say so.
        server.isEnabled = false
        let problemsBefore = problems.count
        apply(ServerKeys.rows, of: section, at: keyPath, to: &server)
        server.tls = decodeTLS(of: section, at: keyPath, isServerEnabled: server.isEnabled)
        let key = ServerKeys.listenInterface.description
        if section.isUnset(key) {
            if !section.wrong.contains(key.name) {
                problem(
                    Self.join(keyPath, key.name),
                    "listen interface not specified for server at index \(index)",
                    line: section.line(key) ?? node.position.line
                )
            }
            return nil
        }
        let isUsable = !problems[problemsBefore...].contains { $0.keyPath == Self.join(keyPath, key.name) }
        return isUsable ? server : nil
    }
}
