import GuerrillaFastCGI
import NIOCore
import NIOPosix
import Synchronization

/// A FastCGI server that says what a test tells it to.
final class FakeServer: Sendable {
    /// A request, complete unless the server was to answer early.
    struct Request: Sendable {
        var parameters: [String: String] = [:]
        var input = ByteBuffer()
        var keepsConnection = false
        /// Counts the connections, from 1.
        var connection = 0
        /// Counts the requests of this connection, from 1.
        var number = 0

        /// The form, decoded. Octets of no encoding become U+FFFD.
        var form: [String: String] {
            var form: [String: String] = [:]
            for field in String(buffer: self.input).split(separator: "&", omittingEmptySubsequences: false) {
                let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                form[String(parts[0])] =
                    parts.count > 1 ? String(decoding: Self.decoded(parts[1].utf8), as: UTF8.self) : nil
            }
            return form
        }

        /// The octets of the field `body`, which is the last one.
        var body: [UInt8] {
            let octets = Array(self.input.readableBytesView)
            let name = Array("&body=".utf8)
            guard let start = octets.indices.first(where: { octets[$0...].starts(with: name) }) else { return [] }
            return Self.decoded(octets[(start + name.count)...])
        }

        private static func decoded(_ encoded: some Collection<UInt8>) -> [UInt8] {
            var octets: [UInt8] = []
            var rest = Array(encoded)[...]
            while let octet = rest.popFirst() {
                switch octet {
                case UInt8(ascii: "+"): octets.append(32)
                case UInt8(ascii: "%"):
                    octets.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                    rest = rest.dropFirst(2)
                default: octets.append(octet)
                }
            }
            return octets
        }
    }

    enum Answer: Sendable {
        /// Octets as they are; what is not closed stays open.
        case octets([UInt8], closes: Bool = false)
        case close
        case silence

        /// A whole response with this CGI body.
        static func body(_ text: String, closes: Bool = false) -> Answer {
            .octets(Self.response("Content-type: text/html\r\n\r\n\(text)"), closes: closes)
        }

        static func response(_ output: String, status: UInt8 = 0) -> [UInt8] {
            FastCGIRecordTests.octets(6, Array(output.utf8), padding: 3)
                + FastCGIRecordTests.octets(3, [0, 0, 0, status, 0, 0, 0, 0])
        }
    }

    private let requests = Mutex<[Request]>([])
    private let connections = Mutex(0)
    private let channel: any Channel
    private let accepted = Mutex<[any Channel]>([])

    let port: Int

    /// - Parameters:
    ///   - answersEarly: Whether the answer is given at the beginning of a request, and what follows is not read.
    ///   - answer: What is said to a request.
    init(
        answersEarly: Bool = false,
        answer: @escaping @Sendable (Request) -> Answer
    ) async throws {
        // A class's own functions cannot be used before all properties are set.
        let box = Box()
        self.channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = Handler(answersEarly: answersEarly, answer: answer)
                    handler.server = box.server
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.port = self.channel.localAddress?.port ?? 0
        box.server = self
    }

    private final class Box: Sendable {
        private let value = Mutex<FakeServer?>(nil)
        var server: FakeServer? {
            get { self.value.withLock { $0 } }
            set { self.value.withLock { $0 = newValue } }
        }
    }

    /// All requests that have been answered.
    var all: [Request] { self.requests.withLock { $0 } }
    var connectionCount: Int { self.connections.withLock { $0 } }
    var openCount: Int { self.accepted.withLock { $0 }.count { $0.isActive } }

    /// Closes the connections that are there; new ones are accepted.
    func closeConnections() async {
        for channel in self.accepted.withLock({ $0 }) { try? await channel.close().get() }
    }

    func stop() async {
        try? await self.channel.close().get()
        await self.closeConnections()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        weak var server: FakeServer?
        private let answersEarly: Bool
        private let answer: @Sendable (Request) -> Answer
        private var received = ByteBuffer()
        private var pairs = ByteBuffer()
        private var request = Request()

        init(answersEarly: Bool, answer: @escaping @Sendable (Request) -> Answer) {
            self.answersEarly = answersEarly
            self.answer = answer
        }

        func channelActive(context: ChannelHandlerContext) {
            let channel = context.channel
            self.server?.accepted.withLock { $0.append(channel) }
            self.request.connection =
                self.server?.connections.withLock {
                    $0 += 1
                    return $0
                } ?? 0
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var octets = self.unwrapInboundIn(data)
            self.received.writeBuffer(&octets)
            while let record = try? FastCGIRecord.decode(&self.received) {
                switch record.kind {
                case .beginRequest:
                    self.request.keepsConnection =
                        record.content.getInteger(at: record.content.readerIndex + 2) == UInt8(1)
                    if self.answersEarly {
                        _ = context.channel.setOption(.autoRead, value: false)
                        self.reply(context: context)
                    }
                case .parameters where record.content.readableBytes > 0:
                    self.pairs.writeImmutableBuffer(record.content)
                case .parameters:
                    self.readPairs()
                case .standardInput where record.content.readableBytes > 0:
                    self.request.input.writeImmutableBuffer(record.content)
                case .standardInput where !self.answersEarly:
                    self.reply(context: context)
                default:
                    break
                }
            }
        }

        private func readPairs() {
            func length() -> Int {
                guard let first: UInt8 = self.pairs.readInteger() else { return 0 }
                if first < 128 { return Int(first) }
                let rest = self.pairs.readBytes(length: 3) ?? []
                return rest.reduce(Int(first & 127)) { $0 << 8 | Int($1) }
            }
            while self.pairs.readableBytes > 0 {
                let (name, value) = (length(), length())
                guard let name = self.pairs.readString(length: name), let value = self.pairs.readString(length: value)
                else { return }
                self.request.parameters[name] = value
            }
        }

        private func reply(context: ChannelHandlerContext) {
            self.request.number += 1
            let request = self.request
            self.request = Request(connection: request.connection, number: request.number)
            self.server?.requests.withLock { $0.append(request) }
            switch self.answer(request) {
            case .octets(let octets, let closes):
                let written = context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(bytes: octets)))
                let channel = context.channel
                if closes { written.whenComplete { _ in channel.close(promise: nil) } }
            case .close:
                context.close(promise: nil)
            case .silence:
                break
            }
        }
    }
}
