import Guerrilla
import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import GuerrillaTestSupport
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// The function that a daemon hands its messages to.
struct MessageHookTests {
    private struct Full: Error, SMTPReplyConvertible {
        var smtpReply: SMTPReply { SMTPReply(.insufficientStorage, EnhancedStatusCode(4, 2, 2), "Mailbox is full") }
    }

    private struct Trouble: Error {}

    private let fixture = DaemonFixture()

    /// Sends a message over a connection of its own.
    private static func send(to port: Int) throws -> String {
        let client = try BlockingClient(port: port)
        _ = try client.talk(BlockingClient.transaction(to: ["bob@example.com"]))
        return try client.command("x\r\n.")
    }

    @Test(arguments: [true, false])
    func runsOnNoEventLoop(waits: Bool) async throws {
        let areLoops = Mutex<[Bool]>([])
        let note: @Sendable (Envelope) -> Void = { _ in
            areLoops.withLock { $0.append(MultiThreadedEventLoopGroup.currentEventLoop != nil) }
        }
        let waiting: @Sendable (Envelope) async -> Void = { envelope in
            note(envelope)
            await Task.yield()
            note(envelope)
        }
        let daemon = Daemon(configuration: self.fixture.configuration(), onMessage: waits ? waiting : note)
        let port = try #require(try await daemon.start().first?.address.port)
        #expect(try await onThread { try Self.send(to: port) }.hasPrefix("250 2.0.0 OK: queued as "))
        #expect(areLoops.withLock { $0 } == (waits ? [false, false] : [false]))
        #expect(await daemon.shutdown())
    }

    @Test func mayBlockItsThreadWhileOthersAreServed() async throws {
        let isInHand = Mutex(false)
        let gate = Gate()
        let daemon = Daemon(configuration: self.fixture.configuration()) { _ in
            isInHand.withLock { $0 = true }
            gate.passBlocking()
        }
        let port = try #require(try await daemon.start().first?.address.port)
        // On one thread: the only one that tasks have here may be the one that is blocked.
        let (greeting, reply) = try await onThread {
            defer { gate.open() }
            let sender = try BlockingClient(port: port)
            _ = try sender.talk(BlockingClient.transaction(to: ["bob@example.com"]))
            try sender.send(Array("x\r\n.\r\n".utf8))
            #expect(blockUntil { isInHand.withLock { $0 } })
            let greeting = try BlockingClient(port: port).readReply().last ?? ""
            gate.open()
            return (greeting, try sender.readReply().last ?? "")
        }
        #expect(greeting.hasPrefix("220 "))
        #expect(reply.hasPrefix("250 "))
        #expect(await daemon.shutdown())
    }

    @Test func whatItThrowsIsTheReply() async throws {
        for (error, start) in [(Full(), "452 4.2.2 Mailbox is full"), (Trouble(), "451 4.3.0 ")]
            as [(any Error, String)]
        {
            let daemon = Daemon(configuration: self.fixture.configuration()) { _ in throw error }
            let port = try #require(try await daemon.start().first?.address.port)
            #expect(try await onThread { try Self.send(to: port) }.hasPrefix(start))
            #expect(await daemon.shutdown())
        }
    }

    @Test func mayHaveTheDaemonShutDown() async throws {
        let stopping = Mutex<Task<Bool, Never>?>(nil)
        let daemons = Mutex<[Daemon]>([])
        let daemon = Daemon(configuration: self.fixture.configuration()) { _ in
            guard let daemon = daemons.withLock({ $0.first }) else { return }
            stopping.withLock { $0 = Task { await daemon.shutdown() } }
        }
        daemons.withLock { $0 = [daemon] }
        let port = try #require(try await daemon.start().first?.address.port)
        #expect(try await onThread { try Self.send(to: port) }.hasPrefix("250 "))
        #expect(await stopping.withLock { $0 }?.value == true)
        daemons.withLock { $0 = [] }
    }

    /// Under whatever name: it is none of the processors that chains may name.
    @Test func isNoProcessorThatAChainCanName() async throws {
        var configuration = self.fixture.configuration()
        configuration.backend.saveProcess = "onMessage"
        let error = await #expect(throws: DaemonError.self) {
            try await Daemon(configuration: configuration) { _ in }.start()
        }
        #expect(error?.description.hasPrefix("processor [onMessage] not found; known processors: ") == true)
        #expect(error?.description.dropFirst(30).contains("onMessage") == false)
    }
}
