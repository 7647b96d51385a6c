import GuerrillaMail
import GuerrillaServer
import GuerrillaTestSupport
import InMemoryLogging
import Logging
import NIOCore
import Testing

struct ProxyProtocolHandlerTests {
    private static let line = Array("PROXY TCP4 192.0.2.7 198.51.100.2 4711 25\r\n".utf8)
    /// Version 2 for the same connection, with an authority.
    private static let binary: [UInt8] =
        [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0, 20]
        + [192, 0, 2, 7, 198, 51, 100, 2, 0x12, 0x67, 0, 25, 0x02, 0, 5] + Array("mx.ex".utf8)
    private static let local: [UInt8] = binary.prefix(12) + [0x20, 0, 0, 0]

    private static func settings(_ configure: (inout ServerSettings) -> Void = { _ in }) -> ServerSettings {
        .testing {
            $0.connection.isProxyOn = true
            configure(&$0)
        }
    }

    /// Sends a message; returns the last line of each reply, the greeting's first.
    @Sendable private static func deliver(_ client: BlockingClient) throws {
        #expect(try client.readReply().first?.hasPrefix("220 ") == true)
        for command in ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<a@example.com>", "DATA"] {
            _ = try client.command(command)
        }
        #expect(try client.command("x\r\n.").hasPrefix("250 "))
        #expect(try client.command("QUIT").hasPrefix("221 "))
        #expect(try client.readLine() == nil)
    }

    /// What the log says about connections that were refused.
    private static func reasons(_ live: LiveServer) -> [String] {
        live.log.entries.filter { $0.level == .info && $0.message == "Connection refused: no PROXY header" }
            .compactMap { $0.metadata["reason"].map { "\($0)" } }
    }

    @Test(arguments: [line, binary])
    func messageComesFromTheClientBehindTheProxy(header: [UInt8]) async throws {
        try await LiveServer.with(settings: Self.settings()) { live in
            try await live.withClient { client in
                try client.send(header)
                try Self.deliver(client)
            }
            let envelope = try #require(live.backend.messages.all.first)
            #expect(envelope.client.address == IPAddress("192.0.2.7"))
            #expect(envelope.client.port == 4711)
            #expect(envelope.client.serverAddress == IPAddress("198.51.100.2"))
            #expect(envelope.client.serverPort == 25)
            #expect(envelope.client.proxy?.address == IPAddress("127.0.0.1"))
            #expect(envelope.client.proxy?.authority == (header == Self.binary ? "mx.ex" : nil))
            #expect(await live.records.wait(for: 1).first?.client.address == IPAddress("192.0.2.7"))
            #expect(await eventually { live.server.clientCount == 0 })
        }
    }

    @Test(arguments: [Array("PROXY UNKNOWN\r\n".utf8), local])
    func headerWithoutAClientKeepsTheSocketsAddress(header: [UInt8]) async throws {
        try await LiveServer.with(settings: Self.settings()) { live in
            try await live.withClient { client in
                try client.send(header)
                try Self.deliver(client)
            }
            #expect(live.backend.messages.all.first?.client.address == IPAddress("127.0.0.1"))
        }
    }

    @Test(arguments: [line, binary])
    func headerMayComeOctetByOctetAndWithTheFirstCommand(header: [UInt8]) async throws {
        try await LiveServer.with(settings: Self.settings()) { live in
            try await live.withClient { client in
                for octet in header.dropLast() { try client.send([octet]) }
                try client.send(header.suffix(1) + Array("EHLO c.example\r\nNOOP\r\n".utf8))
                #expect(try client.readReply().first?.hasPrefix("220 ") == true)
                #expect(try client.readReply().first == "250-mail.example.com Hello")
                #expect(try client.readReply() == ["250 2.0.0 OK"])
                #expect(try client.command("PROXY UNKNOWN") == "500 5.5.1 Unrecognized command")
            }
        }
    }

    @Test func nothingIsSaidBeforeTheHeader() async throws {
        try await LiveServer.with(settings: Self.settings()) { live in
            try await live.withClient { client in
                try client.send(Array("EHLO c.example\r\n".utf8))
                #expect(try client.readLine() == nil)
            }
            #expect(await eventually { live.server.clientCount == 0 })
            #expect(Self.reasons(live) == ["the connection does not start with a PROXY header"])
        }
    }

    @Test func peerOutsideTheTrustedNetworksIsClosed() async throws {
        let settings = Self.settings { $0.connection.trustedNetworks = [] }
        try await LiveServer.with(settings: settings) { live in
            let answer = try await live.withClient { client in
                // Sending may fail already.
                try? client.send(Self.line)
                return try client.readLine()
            }
            #expect(answer == nil)
            #expect(await eventually { live.server.clientCount == 0 })
            #expect(Self.reasons(live) == ["the peer is not in trusted_networks"])
        }
    }

    @Test func headerHasToComeInTime() async throws {
        let settings = Self.settings { $0.connection.proxyTimeout = .milliseconds(50) }
        try await LiveServer.with(settings: settings) { live in
            try await live.withClient { client in
                try client.send(Self.line.prefix(10))
                #expect(try client.readLine() == nil)
            }
            #expect(await eventually { live.server.clientCount == 0 })
            #expect(Self.reasons(live) == ["the header did not come in time"])
        }
    }

    @Test func connectionMayEndBeforeTheHeaderDoes() async throws {
        try await LiveServer.with(settings: Self.settings()) { live in
            let answer = try await live.withClient { client in
                client.finishSending()
                return try client.readLine()
            }
            #expect(answer == nil)
            #expect(Self.reasons(live) == [])
            try await live.withClient { client in
                try client.send(Self.binary.prefix(20))
                client.finishSending()
                #expect(try client.readLine() == nil)
            }
            #expect(await eventually { live.server.clientCount == 0 })
            #expect(Self.reasons(live) == ["the connection ended within the header"])
        }
    }

    @Test func clientMayFinishAtOnceAfterTheHeader() async throws {
        try await LiveServer.with(settings: Self.settings()) { live in
            try await live.withClient { client in
                try client.send(Self.line + Array("QUIT\r\n".utf8))
                client.finishSending()
                #expect(try client.readReply().first?.hasPrefix("220 ") == true)
                #expect(try client.readReply() == ["221 2.0.0 Bye"])
                #expect(try client.readLine() == nil)
            }
            #expect(await eventually { live.server.clientCount == 0 })
        }
    }

    /// TLS comes to stand in front while the octets behind the header are in hand: they are TLS's, as the later ones are.
    @Test(arguments: [true, false])
    func octetsBehindTheHeaderAreForTLS(_ isOneSegment: Bool) async throws {
        let mask: UInt8 = 0x80
        let settings = Self.settings { $0.tls = TLSOffer(provider: ClearTextTLS(mask: mask), isImplicit: true) }
        try await LiveServer.with(settings: settings) { live in
            try await live.withClient { client in
                let commands = Array("NOOP\r\nQUIT\r\n".utf8).map { $0 ^ mask }
                if isOneSegment {
                    try client.send(Self.line + commands)
                } else {
                    try client.send(Self.line)
                }
                #expect(try client.readReply().first?.hasPrefix("220 ") == true)
                if !isOneSegment { try client.send(commands) }
                #expect(try client.readReply() == ["250 2.0.0 OK"])
                #expect(try client.readReply() == ["221 2.0.0 Bye"])
                #expect(try client.readLine() == nil)
            }
        }
    }

    @Test func waitingConnectionsCountAsClients() async throws {
        let settings = Self.settings { $0.connection.maximumClients = 1 }
        try await LiveServer.with(settings: settings) { live in
            try await live.withClient { first in
                // Counted before the other one comes.
                #expect(blockUntil { live.server.clientCount == 1 })
                let second = try BlockingClient(port: live.port)
                try second.send(Self.line)
                #expect(try second.readLine() == "421 4.3.2 Too many connections. Please try again later.")
                #expect(try second.readLine() == nil)
                try first.send(Self.line)
                #expect(try first.readReply().first?.hasPrefix("220 ") == true)
            }
            #expect(await eventually { live.server.clientCount == 0 })
        }
    }

    @Test func shutdownClosesWaitingConnections() async throws {
        let live = try await LiveServer(settings: Self.settings())
        async let waiting: String? = live.withClient { client in try client.readLine() }
        #expect(await eventually { live.server.clientCount == 1 })
        #expect(await live.server.shutdown(deadline: .now + patience) == 0)
        #expect(try await waiting == nil)
        #expect(live.server.clientCount == 0)
        await live.stop()
    }

    // MARK: XCLIENT

    /// The address and HELO that a message has after these lines.
    private static func xclient(_ header: [UInt8], settings: ServerSettings) async throws -> [String] {
        let replies = Recorder<String>()
        try await LiveServer.with(settings: settings) { live in
            try await live.withClient { client in
                try client.send(header)
                _ = try client.readReply()
                replies.append(try client.command("XCLIENT ADDR=192.0.2.99 DESTADDR=192.0.2.100 DESTPORT=26"))
            }
        }
        return replies.all.map { String($0.prefix(3)) }
    }

    /// A proxy that is trusted does not make its clients so.
    @Test(arguments: [
        (line, "127.0.0.0/8", "550"), (binary, "127.0.0.0/8", "550"), (local, "127.0.0.0/8", "220"),
        (Array("PROXY UNKNOWN\r\n".utf8), "127.0.0.0/8", "550"),
        (Array("PROXY TCP4 127.0.0.9 127.0.0.1 1 25\r\n".utf8), "127.0.0.0/8", "220"),
    ])
    func xclientIsForTrustedClientsOfTheProxy(header: [UInt8], network: String, code: String) async throws {
        let networks = [try IPNetwork(parsing: network)]
        let settings = Self.settings {
            $0.connection.isXCLIENTOn = true
            $0.connection.trustedNetworks = networks
        }
        #expect(try await Self.xclient(header, settings: settings) == [code])
    }

    @Test func messageAfterXCLIENTIsTheOtherClients() async throws {
        try await LiveServer.with(settings: .testing { $0.connection.isXCLIENTOn = true }) { live in
            try await live.withClient { client in
                _ = try client.readReply()
                _ = try client.command("EHLO nginx.example")
                try client.send(line: "XCLIENT ADDR=192.0.2.99 PORT=7 NAME=c.example DESTADDR=192.0.2.100 DESTPORT=26")
                try Self.deliver(client)
            }
            let client = try #require(live.backend.messages.all.first?.client)
            #expect(client.address == IPAddress("192.0.2.99") && client.port == 7 && client.name == "c.example")
            #expect(client.serverAddress == IPAddress("192.0.2.100") && client.serverPort == 26)
            #expect(client.helo?.description == "c.example")
            #expect(client.proxy == nil)
            let record = try #require(await live.records.wait(for: 1).first)
            #expect(record.client.address == IPAddress("192.0.2.99"))
            #expect(
                live.log.entries.contains {
                    $0.message == "Handle client [192.0.2.99], id: 1" && $0.metadata["smtp.client"] == "192.0.2.99"
                }
            )
        }
    }
}
