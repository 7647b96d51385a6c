import GuerrillaMail
import GuerrillaSMTP
import GuerrillaTestSupport
import InMemoryLogging
import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import GuerrillaServer

struct ClientLimitTests {
    private static let tooMany = ["421 4.7.0 Too many connections from your address. Please try again later."]
    private static let tooOften = ["421 4.7.0 Your address connects too often. Please try again later."]

    @Test func clientsOfOneAddressAreCounted() async throws {
        try await LiveServer.with(settings: .testing { $0.connection.maximumClientsPerAddress = 1 }) { live in
            let port = live.port
            try await live.withClient { client in
                _ = try client.readReply()
                let second = try BlockingClient(port: port)
                let refusal = try second.readReply()
                #expect(refusal == Self.tooMany)
                let end = try second.readLine()
                #expect(end == nil)
                let elsewhere = try BlockingClient(port: port, source: 2)
                let greeting = try elsewhere.readReply()
                #expect(greeting.first?.hasPrefix("220 ") == true)
                let reply = try client.command("NOOP")
                #expect(reply == "250 2.0.0 OK")
            }
            #expect(live.log.entries.count { $0.message == "Client sent away" && $0.level == .info } == 1)
            // Those that were refused have not taken the place of the one that left.
            #expect(await eventually { live.server.clientCount == 0 })
            #expect(live.server.limiter.withLock { $0.count } == 0)
            let again = try await live.withClient { try $0.readReply() }
            #expect(again.first?.hasPrefix("220 ") == true)
        }
    }

    @Test func connectionsOfOneAddressHaveARate() async throws {
        // Two a minute: the test does not take the 30 seconds until the next.
        try await LiveServer.with(settings: .testing { $0.connection.connectionRatePerAddress = 2 }) { live in
            let port = live.port
            try await live.withClient { client in
                _ = try client.readReply()
                let replies = try [1, 1, 2].map { try BlockingClient(port: port, source: $0).readReply() }
                #expect(replies[0].first?.hasPrefix("220 ") == true)
                #expect(replies[1] == Self.tooOften)
                #expect(replies[2].first?.hasPrefix("220 ") == true)
            }
        }
    }

    @Test func exemptNetworksAreNotLimited() async throws {
        let network = try IPNetwork(parsing: "127.0.0.0/31")
        let settings = ServerSettings.testing {
            $0.connection.maximumClientsPerAddress = 1
            $0.connection.connectionRatePerAddress = 1
            $0.connection.limitExemptNetworks = [network]
        }
        try await LiveServer.with(settings: settings) { live in
            let port = live.port
            try await live.withClient { client in
                // One after the other: connections of several event loops are counted in no order.
                let clients = try [1, 1, 2, 2].map { (source: UInt8) in
                    let client = try BlockingClient(port: port, source: source)
                    return (client, reply: try client.readReply())
                }
                #expect(clients[..<3].allSatisfy { $0.reply.first?.hasPrefix("220 ") == true })
                #expect(clients[3].reply == Self.tooMany)
            }
        }
    }

    @Test func anotherAddressMayBeBelievedLater() async throws {
        try await LiveServer.with(settings: .testing { $0.connection.maximumClientsPerAddress = 1 }) { live in
            func count() -> Int { live.server.limiter.withLock { $0.count } }
            func makeHandler() -> SMTPServerHandler {
                SMTPServerHandler(
                    server: live.server,
                    connection: AcceptedConnection(
                        snapshot: live.server.snapshot,
                        client: ClientInfo(address: nil, serverName: "mail.example.com"),
                        clientCount: 1
                    ),
                    eventLoop: EmbeddedEventLoop()
                )
            }
            let (first, second) = (makeHandler(), makeHandler())
            let (one, two) = (IPAddress("192.0.2.1"), IPAddress("192.0.2.2"))
            #expect(first.clientAddressChanged(to: one) == nil)
            #expect(second.clientAddressChanged(to: one) == .tooManyClientsOfAddress)
            #expect(first.clientAddressChanged(to: two) == nil)
            #expect(count() == 1)
            #expect(second.clientAddressChanged(to: one) == nil)
            #expect(first.clientAddressChanged(to: nil) == nil)
            #expect(count() == 1)
            second.releaseAddress()
            second.releaseAddress()
            #expect(count() == 0)
        }
    }

    // MARK: Where TLS comes first

    /// Who is refused could read why only after a handshake, and there may be no end to that.
    @Test func addressThatHasHadEnoughGetsNoHandshake() async throws {
        let settings = ServerSettings.testing {
            $0.connection.maximumClientsPerAddress = 1
            $0.tls = TLSOffer(provider: EndlessTLS(), isImplicit: true)
        }
        try await LiveServer.with(settings: settings) { live in
            let port = live.port
            try await live.withClient { first in
                // Admitted, not only counted, before the others come.
                #expect(blockUntil { live.server.limiter.withLock { $0.count } == 1 })
                for _ in 0..<20 {
                    let end = try BlockingClient(port: port).readLine()
                    #expect(end == nil)
                }
                withExtendedLifetime(first) {}
            }
            #expect(live.log.entries.count { $0.message == "Client sent away" } == 20)
        }
    }

    @Test func onlyFewBeyondTheLimitGetAHandshake() async throws {
        let settings = ServerSettings.testing {
            $0.connection.maximumClients = 1
            $0.tls = TLSOffer(provider: EndlessTLS(), isImplicit: true)
        }
        try await LiveServer.with(settings: settings) { live in
            let port = live.port
            try await live.withClient { first in
                let waiting = try (0..<10).map { _ in try BlockingClient(port: port) }
                #expect(blockUntil { live.server.clientCount == 11 })
                for _ in 0..<20 {
                    let end = try BlockingClient(port: port).readLine()
                    #expect(end == nil)
                }
                #expect(blockUntil { live.server.clientCount == 11 })
                withExtendedLifetime((first, waiting)) {}
            }
            #expect(await eventually { live.server.clientCount == 0 })
        }
    }
}
