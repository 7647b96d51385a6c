import GuerrillaRedis
import NIOCore
import NIOPosix
import Synchronization

/// A server on the loopback whose answers a test decides, and that keeps what SETEX brings.
final class FakeRedis: Sendable {
    /// What to do with a command.
    enum Answer: Sendable {
        /// Keep what it brings and say OK (or PONG, 0).
        case ordinary
        /// These octets in the place of an answer.
        case octets(String)
        /// No answer, ever.
        case silence
        /// The connection ends.
        case end
    }

    struct State: Sendable {
        var values: [String: ByteBuffer] = [:]
        var commands: [[String]] = []
        var connections = 0
    }

    let state = Mutex(State())
    private let answer: Mutex<@Sendable (_ command: [String]) -> Answer>
    private let channel: Mutex<(any Channel)?> = Mutex(nil)

    init(_ answer: @escaping @Sendable (_ command: [String]) -> Answer = { _ in .ordinary }) {
        self.answer = Mutex(answer)
    }

    /// Decides differently from now on.
    func set(_ answer: @escaping @Sendable (_ command: [String]) -> Answer) {
        self.answer.withLock { $0 = answer }
    }

    /// Listens on a port that the system chooses.
    func start() async throws {
        let channel = try await self.bootstrap.bind(host: "127.0.0.1", port: 0).get()
        self.channel.withLock { $0 = channel }
    }

    /// Listens on a Unix socket: a name that stays ours while nobody listens there, as no port does.
    func start(path: String) async throws {
        let channel = try await self.bootstrap
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        self.channel.withLock { $0 = channel }
    }

    private var bootstrap: ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(self))
                }
            }
    }

    var port: Int { self.channel.withLock { $0?.localAddress?.port } ?? 0 }
    var interface: String { "127.0.0.1:\(self.port)" }
    var endpoint: RedisEndpoint { .tcp(host: "127.0.0.1", port: self.port) }

    func stop() async throws {
        try await self.channel.withLock { $0.take() }?.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let server: FakeRedis
        private var decoder: RESPDecoder
        private var received = ByteBuffer()

        init(_ server: FakeRedis) {
            self.server = server
            var limits = RESPLimits()
            limits.bulkString = 64 << 20
            limits.octets = 128 << 20
            self.decoder = RESPDecoder(limits: limits)
            server.state.withLock { $0.connections += 1 }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var buffer = Self.unwrapInboundIn(data)
            self.received.writeBuffer(&buffer)
            while let command = try? self.decoder.next(&self.received) {
                guard case .array(let values) = command else { return context.close(promise: nil) }
                self.run(values.compactMap { if case .bulkString(let octets) = $0 { octets } else { nil } }, context)
            }
            self.received.discardReadBytes()
            context.flush()
        }

        private func run(_ arguments: [ByteBuffer], _ context: ChannelHandlerContext) {
            let words = arguments.prefix(3).map { String(buffer: $0) }
            self.server.state.withLock { $0.commands.append(words) }
            let text: String
            switch self.server.answer.withLock({ $0 })(words) {
            case .ordinary:
                if words.first == "SETEX", arguments.count == 4 {
                    self.server.state.withLock { $0.values[words[1]] = arguments[3] }
                }
                switch words.first {
                case "PING": text = "+PONG\r\n"
                case "WAIT": text = ":0\r\n"
                case "CLUSTER": text = "-ERR This instance has cluster support disabled\r\n"
                default: text = "+OK\r\n"
                }
            case .octets(let octets): text = octets
            case .silence: return
            case .end: return context.close(promise: nil)
            }
            context.write(Self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }
    }
}
