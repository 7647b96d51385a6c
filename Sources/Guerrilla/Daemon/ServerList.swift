import Synchronization

/// The servers that a daemon has now, for who cannot wait for the daemon's turn.
final class ServerList: Sendable {
    private let servers = Mutex<[RunningServer]>([])

    func set(_ servers: [RunningServer]) {
        self.servers.withLock { $0 = servers }
    }

    /// Tells all of them to begin with the end. What has to be done is done on the event loops, which are there.
    func beginShutdown() {
        for server in self.servers.withLock({ $0 }) { server.beginShutdown() }
    }
}
