import GuerrillaServer
import NIOCore
import Synchronization

/// A server that accepts connections, and the configuration it does so on.
final class RunningServer: Sendable {
    let identifier: ServerIdentifier
    private let server: SMTPServer
    /// What it listens on.
    let socket: ListeningSocket
    private let configured: Mutex<ServerConfiguration>
    private let watched = Mutex<CertificateReloader.Watch?>(nil)

    init(
        _ identifier: ServerIdentifier,
        _ configuration: ServerConfiguration,
        tls: TLSOffer?,
        log: Log,
        resources: ServerResources,
        socket: ListeningSocket
    ) async throws {
        self.identifier = identifier
        self.socket = socket
        self.configured = Mutex(configuration)
        var settings = ServerSettings(configuration, log: log)
        settings.tls = tls
        self.server = try await SMTPServer(settings: settings, resources: resources)
        try await self.server.listen(on: socket)
    }

    var configuration: ServerConfiguration { self.configured.withLock { $0 } }

    /// The server's certificates; nil if it has no TLS.
    var watch: CertificateReloader.Watch? {
        get { self.watched.withLock { $0 } }
        set { self.watched.withLock { $0 = newValue } }
    }

    /// Runs on another configuration from now on. Connections that are open keep theirs.
    /// - Parameter tls: The new offer; nil keeps the present one, unless TLS is off.
    func adopt(_ configuration: ServerConfiguration, tls: TLSOffer?, log: Log) {
        self.configured.withLock { $0 = configuration }
        self.server.updateSettings { settings in
            let present = settings.tls
            settings = ServerSettings(configuration, log: log)
            settings.tls = configuration.tls.isOn ? tls ?? present : nil
        }
    }

    /// Takes over certificates that were read again.
    func adopt(_ tls: TLSOffer) {
        self.server.updateSettings { $0.tls = tls }
    }

    /// Accepts no more connections.
    func stopListening() async {
        await self.server.stopListening()
    }

    /// Accepts no more clients and lets messages in hand be finished, without a wait for either; ``shutdown(deadline:)`` does the rest.
    func beginShutdown() {
        self.server.beginShutdown()
    }

    /// Stops listening at once, lets messages in hand be finished, and tells everybody else to come back.
    /// - Returns: How many connections had to be cut off at the deadline.
    func shutdown(deadline: ContinuousClock.Instant) async -> Int {
        await self.server.shutdown(deadline: deadline)
    }
}
