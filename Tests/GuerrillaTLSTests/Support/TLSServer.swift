#if TLS
import GuerrillaMail
import GuerrillaServer
import GuerrillaTLS
import GuerrillaTestSupport
import NIOCore
import NIOPosix
import NIOTLS
import Synchronization

/// A server on loopback that does nothing but TLS, at once or after STARTTLS: it tells the client what was agreed, and closes.
final class TLSServer: Sendable {
    enum Event: Sendable, Equatable {
        case completed(TLSInfo)
        case failed(String)
    }

    let port: Int
    private let channel: any Channel
    private let events: Events

    private init(channel: any Channel, events: Events) {
        self.channel = channel
        self.events = events
        self.port = channel.localAddress?.port ?? 0
    }

    /// Starts a server, hands it to `body` and stops it whatever happens.
    static func with<Result>(
        _ settings: TLSSettings,
        startTLS: Bool = false,
        _ body: (TLSServer) async throws -> Result
    ) async throws -> Result {
        let provider = try NIOSSLProvider(settings)
        let events = Events()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(TellingHandler(provider: provider, events: events))
                    if startTLS {
                        try channel.pipeline.syncOperations.addHandler(
                            StartTLSHandler(provider: provider),
                            position: .first
                        )
                    } else {
                        try provider.addHandler(to: channel)
                    }
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(host: "127.0.0.1", port: 0).get()
        let server = TLSServer(channel: channel, events: events)
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    /// What happened to the connections, in order; waits until there are so many.
    func events(_ count: Int) async -> [Event] {
        await eventually { self.events.all.withLock { $0.count } >= count }
        return self.events.all.withLock { $0 }
    }

    /// `openssl s_client` against it.
    func client(_ arguments: String...) async throws -> CommandLineTool.Result {
        let words = arguments.flatMap { $0.split(separator: " ").map(String.init) }
        return try await CommandLineTool.run(["s_client", "-connect", "127.0.0.1:\(self.port)", "-ign_eof"] + words)
    }

    /// The same, and the one thing that came of it.
    func outcome(_ arguments: String...) async throws -> Event? {
        let before = self.events.all.withLock { $0.count }
        _ = try await CommandLineTool.run(
            ["s_client", "-connect", "127.0.0.1:\(self.port)", "-ign_eof"]
                + arguments.flatMap { $0.split(separator: " ").map(String.init) }
        )
        return await self.events(before + 1).dropFirst(before).first
    }
}

private final class Events: Sendable {
    let all = Mutex<[TLSServer.Event]>([])
}

/// As much of SMTP as leads to TLS. It stays where it is, behind what is put in front.
private final class StartTLSHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let provider: NIOSSLProvider

    init(provider: NIOSSLProvider) {
        self.provider = provider
    }

    func channelActive(context: ChannelHandlerContext) {
        self.reply("220 mx.example.com\r\n", context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // openssl writes a line at a time, and waits for the reply.
        guard String(buffer: self.unwrapInboundIn(data)) == "STARTTLS\r\n" else {
            return self.reply("250-mx.example.com\r\n250 STARTTLS\r\n", context)
        }
        self.reply("220 2.0.0 Ready\r\n", context)
        do {
            try self.provider.addHandler(to: context.channel)
        } catch {
            context.fireErrorCaught(error)
        }
    }

    private func reply(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}

private final class TellingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let provider: NIOSSLProvider
    private let events: Events

    init(provider: NIOSSLProvider, events: Events) {
        self.provider = provider
        self.events = events
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted? = event as? TLSUserEvent else { return }
        let info = self.provider.info(of: context.channel)
        self.events.all.withLock { $0.append(.completed(info)) }
        let text = "hello \(info.version)\n"
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.events.all.withLock { $0.append(.failed("\(error)")) }
    }
}
#endif
