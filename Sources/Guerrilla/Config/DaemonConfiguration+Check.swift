import GuerrillaBackend

// A configuration that comes from a file was checked key by key when it was read. One that was made in Swift, or changed there, is held to
// the same table here, before a daemon runs on it.

extension DaemonConfiguration {
    /// A property that is a number, with the key that bounds it.
    struct Bounded {
        let keyPath: String
        let key: ConfigurationKey
        let value: Value

        enum Value {
            case number(Int)
            case time(Duration)
        }
    }

    /// Makes sure that every number and every duration has a value that its key allows.
    ///
    /// Zero is not "the default" here: what is not to be changed is left alone. Durations need not be whole seconds, and may be shorter than
    /// in a file; but not negative.
    ///
    /// - Throws: ``DaemonError`` that names the keys.
    func check() throws(DaemonError) {
        let problems = self.problems
        guard problems.isEmpty else { throw DaemonError(problems.joined(separator: "; ")) }
    }

    /// What ``check()`` finds, one sentence each.
    var problems: [String] {
        self.boundedProperties.compactMap(\.problem) + self.interfaceProblems
    }

    /// Every server needs an address that is one. Two cannot have the same, unless the system chooses their ports.
    private var interfaceProblems: [String] {
        var interfaces: Set<ListenInterface> = []
        return self.servers.enumerated().compactMap { index, server in
            let interface = server.listenInterface
            guard server.isEnabled else { return nil }
            let path = "servers[\(index)].\(ServerKeys.listenInterface.name)"
            if let problem = interface.problem { return "\(path): \(problem)" }
            guard interface.port != 0, !interfaces.insert(interface).inserted else { return nil }
            return "\(path): an earlier server has the same interface \(interface)"
        }
    }

    /// Every property that is a number or a duration and is set.
    var boundedProperties: [Bounded] {
        var all = [
            Bounded(ApplicationKeys.eventLoops, self.eventLoops),
            Bounded(ApplicationKeys.maxMessageMemory, self.maximumMessageMemory),
            Bounded(ApplicationKeys.minFreeSpace, self.minimumFreeSpace),
            Bounded(ApplicationKeys.shutdownTimeout, self.shutdownTimeout),
            Bounded(ApplicationKeys.certificateCheckInterval, self.certificateCheckInterval),
        ]
        for (index, server) in self.servers.enumerated() { all += server.boundedProperties(at: "servers[\(index)].") }
        return (all + self.backend.boundedProperties(at: "\(ApplicationKeys.backendConfig.name).")).compactMap { $0 }
    }
}

extension ServerConfiguration {
    fileprivate func boundedProperties(at path: String) -> [DaemonConfiguration.Bounded?] {
        typealias Bounded = DaemonConfiguration.Bounded
        return [
            Bounded(ServerKeys.maxSize, self.maximumMessageSize, at: path),
            Bounded(ServerKeys.timeout, self.timeout, at: path),
            Bounded(ServerKeys.maxClients, self.maximumClients, at: path),
            Bounded(ServerKeys.maxClientsPerAddress, self.maximumClientsPerAddress, at: path),
            Bounded(ServerKeys.connectionRatePerAddress, self.connectionRatePerAddress, at: path),
            Bounded(ServerKeys.maxRecipients, self.maximumRecipients, at: path),
            Bounded(ServerKeys.maxMessagesPerSession, self.maximumMessagesPerSession, at: path),
            Bounded(ServerKeys.maxCommandLine, self.maximumCommandLine, at: path),
            Bounded(ServerKeys.dataOverrun, self.dataOverrun, at: path),
            Bounded(ServerKeys.maxHeaderSize, self.maximumHeaderSize, at: path),
            Bounded(ServerKeys.maxHeaderFields, self.maximumHeaderFields, at: path),
            Bounded(ServerKeys.maxReceivedHops, self.maximumReceivedHops, at: path),
            Bounded(ServerKeys.maxBadCommands, self.maximumBadCommands, at: path),
            Bounded(ServerKeys.maxIdleCommands, self.maximumIdleCommands, at: path),
            Bounded(ServerKeys.greetingDelay, self.greetingDelay, at: path),
            Bounded(ServerKeys.commandTimeout, self.commandTimeout, at: path),
            Bounded(ServerKeys.dataTimeout, self.dataTimeout, at: path),
            Bounded(ServerKeys.messageTimeout, self.messageTimeout, at: path),
            Bounded(ServerKeys.minDataRate, self.minimumDataRate, at: path),
            Bounded(ServerKeys.sessionTimeout, self.sessionTimeout, at: path),
            Bounded(ServerKeys.proxyTimeout, self.proxyTimeout, at: path),
        ]
    }
}

extension BackendConfiguration {
    fileprivate func boundedProperties(at path: String) -> [DaemonConfiguration.Bounded?] {
        typealias Bounded = DaemonConfiguration.Bounded
        return [
            Bounded(GatewayKeys.saveTimeout, self.saveTimeout, at: path),
            Bounded(GatewayKeys.validateTimeout, self.validateTimeout, at: path),
            Bounded(GatewayKeys.rcptCacheSeconds, self.recipientCacheLifetime, at: path),
            Bounded(GatewayKeys.saveWorkersSize, self.saveWorkersSize, at: path),
        ]
    }
}

extension DaemonConfiguration.Bounded {
    /// - Returns: nil for what is not set.
    fileprivate init?(_ key: ConfigurationKey, _ value: Int?, at path: String = "") {
        guard let value else { return nil }
        self.init(keyPath: path + key.name, key: key, value: .number(value))
    }

    fileprivate init?(_ key: ConfigurationKey, _ value: Duration, at path: String = "") {
        self.init(keyPath: path + key.name, key: key, value: .time(value))
    }

    /// That the value is out of range.
    var problem: String? {
        guard let range = self.key.range, let rangeText = self.key.rangeText else { return nil }
        let found: String
        switch self.value {
        case .number(let number):
            guard !range.contains(Int64(number)) else { return nil }
            found = "\(number)"
        case .time(let time):
            let longest: Duration =
                self.key.type == .duration ? .nanoseconds(range.upperBound) : .seconds(range.upperBound)
            guard !(Duration.zero...longest).contains(time) else { return nil }
            found = "\(time)"
        }
        return "\(self.keyPath): \(found) is out of range; use \(rangeText)"
    }
}
