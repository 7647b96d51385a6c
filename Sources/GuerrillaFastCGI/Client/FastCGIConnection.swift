import GuerrillaBackend
import NIOCore
import NIOPosix

/// A connection to a FastCGI server, from any thread.
struct FastCGIConnection: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<FastCGIConnectionHandler>

    var isActive: Bool { self.channel.isActive }

    private init(_ channel: any Channel, _ settings: FastCGISettings) throws {
        let handler = FastCGIConnectionHandler(settings: settings)
        try channel.pipeline.syncOperations.addHandler(handler)
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// - Throws: ``FastCGIError/cannotConnect(address:reason:)``
    static func open(_ settings: FastCGISettings, on group: any EventLoopGroup) async throws -> FastCGIConnection {
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(settings.timeout))
            .channelOption(.socketOption(.so_keepalive), value: 1)
        let initialize: @Sendable (any Channel) -> EventLoopFuture<FastCGIConnection> = { channel in
            channel.eventLoop.makeCompletedFuture { try FastCGIConnection(channel, settings) }
        }
        do {
            switch settings.address {
            case .unix(let path):
                return try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: initialize)
            case .tcp(let host, let port):
                return try await bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .connect(host: host, port: port, channelInitializer: initialize)
            }
        } catch {
            throw FastCGIError.cannotConnect(address: "\(settings.address)", reason: PlainWords.of(error))
        }
    }

    /// Sends the beginning of a request, or all of it.
    /// - Returns: The response; fails with ``FastCGIError``.
    func begin(_ octets: ByteBuffer, isLast: Bool) -> EventLoopFuture<FastCGIResponse> {
        let loop = self.channel.eventLoop
        return loop.flatSubmit {
            self.handler.value.begin(octets, isLast: isLast)
                ?? loop.makeFailedFuture(FastCGIError.closed(isAnswered: false))
        }
    }

    /// Sends more of the request; returns when the system has taken it.
    /// - Throws: When there is no use in sending more; the response says why.
    func send(_ octets: ByteBuffer, isLast: Bool) async throws {
        let loop = self.channel.eventLoop
        try await loop.flatSubmit {
            self.handler.value.send(octets, isLast: isLast)
                ?? loop.makeFailedFuture(FastCGIError.closed(isAnswered: true))
        }.get()
    }

    /// Gives the request up that is on its way.
    func abort() {
        self.channel.eventLoop.execute { self.handler.value.fail(CancellationError()) }
    }
}
