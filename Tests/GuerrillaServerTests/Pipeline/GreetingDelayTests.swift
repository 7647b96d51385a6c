import GuerrillaServer
import GuerrillaTestSupport
import InMemoryLogging
import Logging
import Testing

struct GreetingDelayTests {
    private static let early = "554 5.5.1 Error: you talk before the greeting"
    /// Longer than any test may take.
    private static let never = ServerSettings.testing { $0.connection.greetingDelay = .seconds(3_600) }

    @Test func silentClientsAreGreetedLate() async throws {
        let delay = Duration.milliseconds(100)
        try await LiveServer.with(settings: .testing { $0.connection.greetingDelay = delay }) { live in
            let start = ContinuousClock.now
            let greeted = try await live.withClient { client in
                let greeting = try client.readReply()
                let greeted = ContinuousClock.now
                #expect(greeting.first?.hasPrefix("220 mail.example.com ") == true)
                #expect(try client.command("NOOP") == "250 2.0.0 OK")
                #expect(try client.command("QUIT") == "221 2.0.0 Bye")
                return greeted
            }
            #expect(greeted - start > .milliseconds(90))
        }
    }

    @Test(arguments: ["EHLO client.example\r\n", "\r", "\u{16}\u{3}\u{1}"])
    func clientsThatTalkEarlyAreSentAway(_ words: String) async throws {
        try await LiveServer.with(settings: Self.never) { live in
            try await live.withClient { client in
                try client.send(Array(words.utf8))
                #expect(try client.readReply() == [Self.early])
                #expect(try client.readLine() == nil)
            }
            let line = live.log.entries.first { $0.message == "Client sent away" }
            #expect(line?.level == .info)
            #expect(line?.metadata["smtp.reply"] == "554")
        }
    }

    @Test func muchEarlyTalkIsNotKept() async throws {
        try await LiveServer.with(settings: Self.never) { live in
            try await live.withClient { client in
                // The server may have closed before all is sent.
                try? client.send([UInt8](repeating: 65, count: 200_000))
                let reply = try client.readReply()
                #expect(reply == [Self.early])
            }
        }
    }

    @Test func whoeverFinishesBeforeTheGreetingIsGone() async throws {
        try await LiveServer.with(settings: Self.never) { live in
            try await live.withClient { client in
                client.finishSending()
                let line = try client.readLine()
                #expect(line == nil)
            }
            #expect(await eventually { live.server.clientCount == 0 })
        }
    }

    @Test func shutdownDoesNotWaitForTheGreeting() async throws {
        let live = try await LiveServer(settings: Self.never)
        async let reply: [String] = live.withClient { try $0.readReply() }
        #expect(await eventually { live.server.clientCount == 1 })
        #expect(await live.server.shutdown(deadline: .now + patience) == 0)
        let lines = try await reply
        #expect(lines.first?.hasPrefix("421 4.3.2 Server is shutting down.") == true)
        await live.stop()
    }
}
