import GuerrillaServer

/// What has to change for a daemon to run on another configuration. A value: nothing is done, opened or asked for here.
struct ConfigurationDiff: Equatable {
    /// What becomes of one server. Servers are the same when their `listen_interface` is; where several have one, they are counted.
    struct Server: Equatable {
        var identifier: ServerIdentifier
        /// Nil for a server that is new.
        var old: ServerConfiguration?
        /// Nil for a server that is no longer there.
        var new: ServerConfiguration?

        var starts: Bool { self.new?.isEnabled == true && self.old?.isEnabled != true }
        var stops: Bool { self.old?.isEnabled == true && self.new?.isEnabled != true }
        var goesOn: Bool { self.old?.isEnabled == true && self.new?.isEnabled == true }
    }

    let old: DaemonConfiguration
    let new: DaemonConfiguration
    /// All servers: those of the new configuration in its order, then those that only the old one has.
    let servers: [Server]

    init(from old: DaemonConfiguration, to new: DaemonConfiguration) {
        self.old = old
        self.new = new
        var former = Dictionary(uniqueKeysWithValues: old.identifiedServers)
        var servers: [Server] = []
        for (identifier, server) in new.identifiedServers {
            servers.append(Server(identifier: identifier, old: former.removeValue(forKey: identifier), new: server))
        }
        for (identifier, server) in old.identifiedServers where former[identifier] != nil {
            servers.append(Server(identifier: identifier, old: server))
        }
        self.servers = servers
    }

    var isEmpty: Bool { self.old == self.new }

    /// The keys that are different but count only when the daemon is started again.
    var keysThatNeedRestart: [String] {
        ApplicationKeys.rows.filter { !$0.description.isReloadable && !$0.isEqual(self.old, self.new) }
            .map(\.description.name)
    }

    /// What subscribers are told, in go-guerrilla's order.
    ///
    /// go-guerrilla says of a server that is enabled or disabled nothing else, and does nothing else; here everything happens that has
    /// changed, and everything is told.
    var events: [DaemonEvent] {
        var events: [DaemonEvent] = []
        func tell(_ event: DaemonEvent, if isChanged: Bool) {
            if isChanged { events.append(event) }
        }
        tell(.backendConfig(self.new), if: self.old.backend != self.new.backend)
        tell(.newConfig(self.new), if: !self.isEmpty)
        tell(.allowedHosts(self.new), if: self.old.allowedHosts != self.new.allowedHosts)
        tell(.pidFile(self.new), if: self.old.pidFile != self.new.pidFile)
        tell(.logFile(self.new), if: self.old.logFile != self.new.logFile)
        tell(.logLevel(self.new), if: self.old.logLevel != self.new.logLevel)
        for server in self.servers {
            switch (server.old, server.new) {
            case (let old?, let new?):
                tell(.serverConfig(new), if: old != new)
                tell(.serverStart(new), if: server.starts)
                tell(.serverStop(new), if: server.stops)
                tell(old.logFile != new.logFile ? .serverLogFile(new) : .serverLogReopen(new), if: true)
                tell(.serverTimeout(new), if: old.connection.timeout != new.connection.timeout)
                tell(.serverMaxClients(new), if: old.connection.maximumClients != new.connection.maximumClients)
                tell(.serverTLSConfig(new), if: old.tls != new.tls)
            case (nil, let new?):
                events.append(.serverNew(new))
            case (let old, nil):
                if let old { events.append(.serverRemove(old)) }
            }
        }
        return events
    }
}

/// Which server of a configuration is meant.
struct ServerIdentifier: Hashable, CustomStringConvertible {
    let interface: ListenInterface
    /// How many servers before it have the same interface, as several may that let the system choose their port.
    let ordinal: Int

    var description: String { self.interface.description }
}

extension DaemonConfiguration {
    /// The servers that are to listen.
    var enabledServers: [ServerConfiguration] { self.servers.filter(\.isEnabled) }

    /// All servers and what distinguishes them.
    var identifiedServers: [(ServerIdentifier, ServerConfiguration)] {
        var counts: [ListenInterface: Int] = [:]
        return self.servers.map { server in
            let ordinal = counts[server.listenInterface, default: 0]
            counts[server.listenInterface] = ordinal + 1
            return (ServerIdentifier(interface: server.listenInterface, ordinal: ordinal), server)
        }
    }
}
