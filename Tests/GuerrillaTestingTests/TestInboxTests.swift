import Foundation
import Guerrilla
import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import GuerrillaTestSupport
import GuerrillaTesting
import Synchronization
import Testing

struct TestInboxTests {
    private struct Trouble: Error {}

    /// Sends a message from a thread of its own, and gives the reply.
    private func send(_ subject: String, to port: Int) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try Self.sendBlocking(subject, to: port) })
            }
        }
    }

    private static func sendBlocking(_ subject: String, to port: Int) throws -> String {
        let client = try BlockingClient(port: port)
        _ = try client.readReply()
        for command in ["EHLO client.test", "MAIL FROM:<a@example.org>", "RCPT TO:<b@anywhere.example>", "DATA"] {
            try client.send(line: command)
            _ = try client.readReply()
        }
        try client.send("Subject: \(subject)\r\n\r\nHi.\r\n.\r\n".utf8)
        return try client.readReply().first ?? ""
    }

    @Test func keepsWhatIsSent() async throws {
        let inbox = try await TestInbox.start()
        let port = inbox.port
        for subject in ["one", "two"] {
            let reply = try await self.send(subject, to: port)
            #expect(reply.hasPrefix("250 "))
        }
        let second = try await inbox.next(where: { $0.subject == "two" })
        #expect(second.recipients.map(\.description) == ["b@anywhere.example"])
        #expect(try await second.bodyText == "Hi.\r\n")
        #expect(inbox.messages.map(\.subject) == ["one"])
        inbox.removeAll()
        #expect(inbox.messages.isEmpty)
        await inbox.stop()
    }

    @Test func waitsForMail() async throws {
        let inbox = try await TestInbox.start()
        let port = inbox.port
        async let waited = inbox.next(within: patience)
        _ = try await self.send("late", to: port)
        #expect(try await waited.subject == "late")
        await #expect(throws: TestInbox.NoMail.self) { try await inbox.next(within: .milliseconds(10)) }
        await inbox.stop()
    }

    @Test func noTimeIsTooShortToBeOver() async throws {
        let inbox = try await TestInbox.start()
        await withTaskGroup { group in
            for _ in 0..<1_000 {
                group.addTask {
                    await #expect(throws: TestInbox.NoMail.self) { try await inbox.next(within: .zero) }
                }
            }
        }
        await inbox.stop()
    }

    @Test func answersAsItIsTold() async throws {
        let inbox = try await TestInbox.start(answering: {
            if $0.subject == "trouble" { throw Trouble() }
            return .reply(SMTPReply(.transactionFailed, "not wanted"))
        })
        let port = inbox.port
        #expect(try await self.send("trouble", to: port).hasPrefix("451 "))
        #expect(try await self.send("spam", to: port) == "554 5.0.0 not wanted")
        #expect(inbox.messages.isEmpty)
        await inbox.stop()
    }

    @Test func whoIsCancelledTakesNoMail() async throws {
        let inbox = try await TestInbox.start()
        let port = inbox.port
        let waiting = Task.immediate { try await inbox.next(within: patience) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        let reply = try await self.send("kept", to: port)
        #expect(reply.hasPrefix("250 "))
        #expect(inbox.messages.map(\.subject) == ["kept"])
        await inbox.stop()
    }

    @Test(.timeLimit(.minutes(4))) func stopEndsTheWait() async throws {
        let inbox = try await TestInbox.start()
        let waiting = [
            Task.immediate { try await inbox.next(within: .seconds(3600)) },
            Task.immediate { try await inbox.next(within: .seconds(3600), where: { _ in false }) },
        ]
        await inbox.stop()
        for task in waiting { await #expect(throws: TestInbox.Stopped.self) { try await task.value } }
        await #expect(throws: TestInbox.Stopped.self) { try await inbox.next(within: .seconds(3600)) }
    }

    @Test(.timeLimit(.minutes(4))) func answerThatNeverComesDoesNotHoldUpStop() async throws {
        let asked = Mutex(false)
        let inbox = try await TestInbox.start(
            configure: {
                $0.backend.saveTimeout = .seconds(3600)
                $0.shutdownTimeout = .seconds(3600)
            },
            answering: { _ in
                asked.withLock { $0 = true }
                // Deaf to its cancellation.
                await EndlessWait.shared.wait()
                return .stored
            }
        )
        let port = inbox.port
        async let reply = self.send("hangs", to: port)
        #expect(await eventually { asked.withLock { $0 } })
        await inbox.stop()
        #expect(try await reply.hasPrefix("451 "))
        #expect(inbox.messages.isEmpty)
    }

    @Test func withStopsInEveryCase() async throws {
        let inboxes = Mutex<[TestInbox]>([])
        let subject = try await TestInbox.with { inbox in
            inboxes.withLock { $0.append(inbox) }
            _ = try await self.send("one", to: inbox.port)
            return try await inbox.next().subject
        }
        #expect(subject == "one")
        await #expect(throws: Trouble.self) {
            let configure: (inout DaemonConfiguration) -> Void = { $0.eventLoops = 2 }
            try await TestInbox.with(configure: configure) { inbox in
                inboxes.withLock { $0.append(inbox) }
                throw Trouble()
            }
        }
        #expect(inboxes.withLock { $0.count } == 2)
        for inbox in inboxes.withLock({ $0 }) {
            await #expect(throws: TestInbox.Stopped.self) { try await inbox.next(within: .zero) }
        }
    }
}

/// Whoever waits here waits for good; what they hold is kept, so that nothing complains of it.
private final class EndlessWait: Sendable {
    static let shared = EndlessWait()
    private let waiters = Mutex<[CheckedContinuation<Void, Never>]>([])

    func wait() async {
        await withCheckedContinuation { waiter in self.waiters.withLock { $0.append(waiter) } }
    }
}
