import GuerrillaServer
import GuerrillaTestSupport
import InMemoryLogging
import Logging
import Testing

struct ConnectionLogTests {
    private func lines(_ live: LiveServer, _ start: String) -> [InMemoryLogHandler.Entry] {
        live.log.entries.filter { $0.message.description.hasPrefix(start) }
    }

    @Test func clientsThatQuitLeaveOneLineAtDebug() async throws {
        try await LiveServer.with { live in
            try await live.withClient { client in
                _ = try client.readReply()
                #expect(try client.command("QUIT") == "221 2.0.0 Bye")
            }
            #expect(await eventually { live.server.clientCount == 0 })
            #expect(live.log.entries.map(\.message) == ["Handle client [127.0.0.1], id: 1"])
            #expect(live.log.entries.first?.level == .debug)
        }
    }

    @Test func clientsThatLeaveWithoutQuitAreNamed() async throws {
        try await LiveServer.with { live in
            try await live.withClient { client in
                _ = try client.readReply()
                #expect(try client.command("NOOP") == "250 2.0.0 OK")
            }
            #expect(await eventually { live.server.clientCount == 0 })
            let lines = self.lines(live, "Client closed the connection: 127.0.0.1")
            #expect(lines.map(\.level) == [.debug])
        }
    }

    @Test func clientsThatLeaveWithinAMessageAreWorthMore() async throws {
        try await LiveServer.with { live in
            try await live.withClient { client in
                _ = try client.readReply()
                for (command, code) in [
                    ("EHLO client.example", "250"), ("MAIL FROM:<a@example.org>", "250"),
                    ("RCPT TO:<b@example.com>", "250"), ("DATA", "354"),
                ] {
                    try client.send(Array("\(command)\r\n".utf8))
                    #expect(try client.readReply().first?.hasPrefix(code) == true)
                }
                try client.send(Array("Subject: half".utf8))
                client.finishSending()
            }
            #expect(await eventually { live.server.clientCount == 0 })
            let lines = self.lines(live, "Client closed the connection: 127.0.0.1")
            #expect(lines.map(\.level) == [.info])
            #expect(lines.first?.metadata["smtp.client"] == "127.0.0.1")
        }
    }

    @Test func silentClientsAreATimeout() async throws {
        try await LiveServer.with(settings: .testing { $0.connection.commandTimeout = .milliseconds(50) }) { live in
            try await live.withClient { client in
                _ = try client.readReply()
                #expect(try client.readReply() == ["421 4.4.2 Error: timeout exceeded"])
            }
            let lines = self.lines(live, "Timeout: 127.0.0.1")
            #expect(lines.map(\.level) == [.info])
            #expect(lines.first?.metadata["smtp.reply"] == "421")
            #expect(self.lines(live, "Client sent away").isEmpty)
        }
    }

    // MARK: The dialogue

    @Test func dialogueIsLoggedAtLevelTrace() async throws {
        try await LiveServer.with { live in
            live.server.updateSettings { $0.logger.logLevel = .trace }
            try await live.withClient { client in
                _ = try client.readReply()
                #expect(try client.command("NOOP") == "250 2.0.0 OK")
                for command in [
                    "EHLO client.example", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.com>",
                    "BDAT 8\r\nsecret", "BDAT 8 LAST\r\nhidden",
                ] {
                    try client.send(Array("\(command)\r\n".utf8))
                    #expect(try client.readReply().first?.hasPrefix("250") == true)
                }
                #expect(try client.command("QUIT") == "221 2.0.0 Bye")
            }
            #expect(await eventually { live.server.clientCount == 0 })
            let sent = self.lines(live, "Client sent: ").map { $0.message.description.dropFirst(13) }
            #expect(
                sent == [
                    "NOOP", "EHLO client.example", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.com>", "BDAT 8",
                    "BDAT 8 LAST", "QUIT",
                ]
            )
            let replies = self.lines(live, "Writing response to client: ").map(\.message.description)
            #expect(replies.count == 8)
            #expect(replies.last == "Writing response to client: 221 2.0.0 Bye\r\n")
            #expect(live.log.entries.allSatisfy { !"\($0)".contains("secret") && !"\($0)".contains("hidden") })
        }
    }

    @Test func messageIsNotInTheDialogue() async throws {
        try await LiveServer.with { live in
            live.server.updateSettings { $0.logger.logLevel = .trace }
            try await live.withClient { client in
                _ = try client.readReply()
                let commands = "HELO client.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
                try client.send(Array("\(commands)Subject: secret\r\n\r\nhidden\r\n.\r\nQUIT\r\n".utf8))
                while try client.readLine() != "221 2.0.0 Bye" {}
            }
            #expect(await eventually { live.server.clientCount == 0 })
            let sent = self.lines(live, "Client sent: ").map { $0.message.description.dropFirst(13) }
            #expect(
                sent == [
                    "HELO client.example", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.com>", "DATA", "QUIT",
                ]
            )
            #expect(live.log.entries.allSatisfy { !"\($0)".contains("secret") && !"\($0)".contains("hidden") })
        }
    }

    @Test func dialogueIsNotLoggedAtLevelDebug() async throws {
        try await LiveServer.with { live in
            try await live.withClient { client in
                _ = try client.readReply()
                #expect(try client.command("NOOP") == "250 2.0.0 OK")
            }
            #expect(live.log.entries.allSatisfy { $0.level >= .debug })
        }
    }
}
