#if TLS
import GuerrillaMail
import GuerrillaServer
import GuerrillaTLS
import GuerrillaTestSupport
import NIOCore
import NIOEmbedded
import NIOSSL
import NIOTLS
import Testing

/// What no client would send, a client's octets one by one, and clients that leave. Time stands still here.
struct HostileHandshakeTests {
    private let provider: NIOSSLProvider

    init() throws {
        var settings = TLSSettings()
        settings.keyPair = Certificates.pair("p256")
        settings.certificates = [Certificates.pair("one")]
        settings.clientAuthentication = .request
        self.provider = try NIOSSLProvider(settings)
    }

    /// A channel with the provider's handlers, which has become active.
    private func server() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try self.provider.addHandler(to: channel)
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 25)).wait()
        return channel
    }

    private func client(_ serverName: String) throws -> EmbeddedChannel {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        let context = try NIOSSLContext(configuration: configuration)
        let channel = EmbeddedChannel(handler: try NIOSSLClientHandler(context: context, serverHostname: serverName))
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.2", port: 25)).wait()
        return channel
    }

    /// Closes a channel whose peer does not answer `close_notify`.
    private func close(_ channel: EmbeddedChannel) {
        channel.close(promise: nil)
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
    }

    /// Everything that one side has written, given to the other in pieces.
    private func hand(_ from: EmbeddedChannel, _ to: EmbeddedChannel, piece: Int) throws -> Bool {
        var isAnything = false
        while var buffer = try from.readOutbound(as: ByteBuffer.self) {
            isAnything = true
            while let part = buffer.readSlice(length: min(piece, buffer.readableBytes)), part.readableBytes > 0 {
                to.pipeline.fireChannelRead(part)
                to.pipeline.fireChannelReadComplete()
                to.embeddedEventLoop.run()
            }
        }
        return isAnything
    }

    @Test(arguments: [1, 7, 100_000])
    func octetsMayComeInAnyPieces(_ piece: Int) throws {
        let server = try self.server()
        let client = try self.client("ONE.example")
        while try self.hand(client, server, piece: piece) || self.hand(server, client, piece: piece) {}
        #expect(self.provider.info(of: server) == TLSInfo(version: "TLSv1.3", requestedServerName: "one.example"))
        try client.writeOutbound(ByteBuffer(string: "EHLO one.example\r\n"))
        _ = try self.hand(client, server, piece: piece)
        var text = ""
        while let buffer = try server.readInbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        #expect(text == "EHLO one.example\r\n")
        self.close(server)
        self.close(client)
    }

    // MARK: Closing

    /// Two ends that have shaken hands.
    private func connected() throws -> (server: EmbeddedChannel, client: EmbeddedChannel) {
        let (server, client) = (try self.server(), try self.client("mx.example.com"))
        while try self.hand(client, server, piece: 100_000) || self.hand(server, client, piece: 100_000) {}
        return (server, client)
    }

    private func finish(_ channel: EmbeddedChannel) {
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        channel.embeddedEventLoop.run()
    }

    /// No close_notify comes after FIN: there is nothing to wait for.
    @Test(arguments: [true, false])
    func closeAndFINEndTheConnection(_ isFINFirst: Bool) throws {
        let (server, client) = try self.connected()
        if isFINFirst { self.finish(server) }
        #expect(server.isActive)
        server.close(promise: nil)
        server.embeddedEventLoop.run()
        if !isFINFirst {
            #expect(server.isActive)
            self.finish(server)
        }
        #expect(!server.isActive)
        // It has said goodbye all the same.
        #expect(try server.readOutbound(as: ByteBuffer.self) != nil)
        self.close(client)
    }

    @Test(arguments: [true, false])
    func closeAndCloseNotifyEndTheConnection(_ isClientFirst: Bool) throws {
        let (server, client) = try self.connected()
        for channel in isClientFirst ? [client, server] : [server, client] {
            channel.close(promise: nil)
            _ = try self.hand(client, server, piece: 100_000)
        }
        #expect(!server.isActive)
        self.close(client)
    }

    @Test func clientThatSaysNothingIsWaitedForForTwoSeconds() throws {
        let (server, client) = try self.connected()
        server.close(promise: nil)
        server.embeddedEventLoop.advanceTime(by: .milliseconds(1_999))
        #expect(server.isActive)
        server.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!server.isActive)
        self.close(client)
    }

    // MARK: Hostile octets

    /// A real first flight with octets changed, and octets by chance: the connection fails or waits, and nothing else happens.
    @Test func nothingThatIsSentCrashes() throws {
        let client = try self.client("one.example")
        var flight: [UInt8] = []
        while let buffer = try client.readOutbound(as: ByteBuffer.self) { flight += Array(buffer.readableBytesView) }
        #expect(flight.count > 100)
        var random = SeededRandom(seed: 8446)
        for round in 0..<2_000 {
            var octets = flight
            if round % 4 == 0 {
                octets = (0..<Int.random(in: 1...600, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
            } else {
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    octets[Int.random(in: 0..<octets.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
            }
            let server = try self.server()
            server.pipeline.fireChannelRead(ByteBuffer(bytes: octets))
            server.pipeline.fireChannelReadComplete()
            server.embeddedEventLoop.run()
            // Nothing gets through to the session.
            #expect(try server.readInbound(as: ByteBuffer.self) == nil)
            self.close(server)
        }
        self.close(client)
    }
}
#endif
