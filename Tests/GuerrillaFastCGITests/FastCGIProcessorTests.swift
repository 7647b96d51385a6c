import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import GuerrillaTestSupport
import GuerrillaTesting
import InMemoryLogging
import Logging
import NIOCore
import Testing

@testable import GuerrillaFastCGI

struct FastCGIProcessorTests {
    /// What the server says to a request.
    private struct Script {
        let answer: @Sendable (FakeServer.Request) -> FakeServer.Answer
    }

    private let log = InMemoryLogHandler()

    /// Runs `body` with a started processor in front of a server that answers so.
    private func with(
        answersEarly: Bool = false,
        answer: Script,
        settings: FastCGISettings = .testing(),
        lineEndings: StoredLineEndings = .crlf,
        _ body: (FakeServer, ProcessorChain) async throws -> Void
    ) async throws {
        let server = try await FakeServer(answersEarly: answersEarly, answer: answer.answer)
        var own = settings
        own.address = .tcp(host: "127.0.0.1", port: server.port)
        let handler = self.log
        let logger = Logger(label: "test") { _ in handler }
        let final = own
        let chain = try ProcessorChain(
            save: "FastCGI",
            validate: "FastCGI",
            registry: ProcessorRegistry([
                ProcessorDescription("FastCGI", FastCGIProcessor.self) { _ in
                    FastCGIProcessor(
                        final,
                        saveScript: "/srv/save.php",
                        validateScript: "/srv/validate.php",
                        lineEndings: lineEndings,
                        logger: logger
                    )
                }
            ]),
            context: ProcessorContext(configuration: ProcessorConfiguration(), logger: logger, primaryMailHost: "x")
        )
        try await chain.start()
        do {
            try await body(server, chain)
        } catch {
            await chain.shutdown(deadline: .now)
            await server.stop()
            throw error
        }
        await chain.shutdown(deadline: .now)
        await server.stop()
    }

    private func envelope(_ data: [UInt8] = Array("Subject: x\r\n\r\nHello.\r\n".utf8)) -> Envelope {
        var builder = MessageDataBuilder(memory: MessageMemory(budget: MemoryBudget(limit: 1 << 28)))
        let isWithinBudget = data.withUnsafeBytes { builder.append($0) }
        precondition(isWithinBudget, "the budget is larger than any message of these tests")
        var envelope = Envelope(
            queuedID: QueuedID(text: "7f3a09"),
            client: ClientInfo(
                address: IPAddress("192.0.2.1"),
                helo: .name("client.example"),
                tls: TLSInfo(version: "TLSv1.3")
            ),
            reversePath: .mailbox(Mailbox(localPart: "a&b=c", domain: .name("example.org"))),
            recipients: ["bob", "o'hara+x"].map {
                Recipient(.mailbox(Mailbox(localPart: $0, domain: .name("example.com"))))
            },
            data: builder.build(),
            receivedAt: 0
        )
        envelope.subject = "Grüße & 100 %"
        envelope.deliveryHeader = DeliveryHeader(fields: ByteBuffer(string: "Return-Path: <>\r\n"))
        return envelope
    }

    @Test func formIsCharged() async throws {
        for (limit, isRoom) in [(1 << 20, true), (200_000, false)] {
            let budget = MemoryBudget(limit: limit)
            var builder = MessageDataBuilder(memory: MessageMemory(budget: budget))
            try #require(Array("Subject: x\r\n\r\n".utf8).withUnsafeBytes { builder.append($0) })
            var envelope = try Envelope.testing()
            envelope.data = builder.build()
            envelope.subject = String(repeating: "€", count: 30_000)
            let message = envelope
            if isRoom {
                let request = try await FastCGIRequest.save(message, lineEndings: .crlf, script: "s")
                #expect(request.input.readableBytes > 270_000)
                #expect(budget.used > 4_096 + 270_000)
            } else {
                await #expect(throws: MessageMemoryExhausted.self) {
                    _ = try await FastCGIRequest.save(message, lineEndings: .crlf, script: "s")
                }
                #expect(budget.used == 4_096)
            }
        }
    }

    private func save(_ chain: ProcessorChain, _ envelope: Envelope? = nil) async throws -> SaveVerdict {
        var envelope = envelope ?? self.envelope()
        return try await chain.save(&envelope)
    }

    private func expectStored(
        _ chain: ProcessorChain,
        _ envelope: Envelope? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let verdict = try await self.save(chain, envelope)
        #expect(verdict == .stored, sourceLocation: sourceLocation)
    }

    private func validate(_ chain: ProcessorChain) async throws -> RecipientVerdict {
        let envelope = self.envelope()
        return try await chain.validate(envelope.recipients[1], in: envelope)
    }

    @Test func checkSaysWhetherSomebodyListens() async throws {
        let server = try await FakeServer { _ in .body("SAVED") }
        let settings = FastCGISettings.testing { $0.address = .tcp(host: "127.0.0.1", port: server.port) }
        let processor = FastCGIProcessor(settings, saveScript: "a", validateScript: "b", logger: Logger(label: "test"))
        try await processor.checkConnection()
        await server.stop()
        await #expect(throws: FastCGIError.self) { try await processor.checkConnection() }
    }

    @Test func fitsIntoAChain() async throws {
        let server = try await FakeServer { .body($0.parameters["REQUEST_METHOD"] == "GET" ? "PASSED" : "SAVED") }
        let result: Result<Void, any Error>
        do {
            try await ProcessorCompatibilityTest(
                FastCGIProcessor.description,
                configuration: [
                    "fcgi_connection_type": "tcp", "fcgi_connection_address": .string("127.0.0.1:\(server.port)"),
                    "fcgi_script_filename_save": "/srv/save.php", "fcgi_script_filename_validate": "/srv/validate.php",
                ]
            ).run()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await server.stop()
        try result.get()
    }

    // MARK: What scripts are told

    @Test func aMessageIsPostedWithGoGuerrillasFields() async throws {
        try await self.with(answer: Script { _ in .body("SAVED") }) { server, chain in
            try await self.expectStored(chain)
            let request = try #require(server.all.first)
            #expect(
                request.form == [
                    "rcpt_to_0": "bob@example.com", "rcpt_to_1": "o'hara+x@example.com", "remote_ip": "192.0.2.1",
                    "subject": "Grüße & 100 %", "tls_on": "true", "helo": "client.example",
                    "mail_from": "a&b=c@example.org", "queued_id": "7f3a09",
                    "body": "Return-Path: <>\r\nSubject: x\r\n\r\nHello.\r\n",
                ]
            )
            #expect(
                request.parameters == [
                    "SCRIPT_FILENAME": "/srv/save.php", "REQUEST_METHOD": "POST", "QUERY_STRING": "",
                    "CONTENT_LENGTH": "\(request.input.readableBytes)", "GATEWAY_INTERFACE": "CGI/1.1",
                    "CONTENT_TYPE": "application/x-www-form-urlencoded", "SERVER_PROTOCOL": "HTTP/1.1",
                    "SERVER_SOFTWARE": "Go-guerrilla fastcgi", "REMOTE_ADDR": "127.0.0.1",
                ]
            )
            #expect(request.keepsConnection)
        }
    }

    @Test func aRecipientIsAskedAboutWithGET() async throws {
        try await self.with(answer: Script { _ in .body("PASSED") }) { server, chain in
            #expect(try await self.validate(chain) == .accepted)
            let request = try #require(server.all.first)
            #expect(request.parameters["SCRIPT_FILENAME"] == "/srv/validate.php")
            #expect(request.parameters["REQUEST_METHOD"] == "GET")
            #expect(request.parameters["QUERY_STRING"] == "rcpt_to=o%27hara%2Bx%40example.com")
            #expect(request.parameters["CONTENT_LENGTH"] == "0")
            #expect(request.input.readableBytes == 0)
        }
    }

    @Test(arguments: [0, 1, 16_383, 16_384, 70_000, 262_144, 262_145, 3_000_000])
    func theBodyIsWhatWasSentOctetForOctet(_ size: Int) async throws {
        try await self.with(answer: Script { _ in .body("SAVED") }) { server, chain in
            let data = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 / 251) }
            try await self.expectStored(chain, self.envelope(data))
            let request = try #require(server.all.first)
            #expect(request.parameters["CONTENT_LENGTH"] == "\(request.input.readableBytes)")
            #expect(request.body == Array("Return-Path: <>\r\n".utf8) + data)
        }
    }

    @Test func lineEndingsAreThoseOfStoredLineEndings() async throws {
        try await self.with(answer: Script { _ in .body("SAVED") }, lineEndings: .lf) { server, chain in
            let data = Array(String(repeating: "line\r\n\r", count: 100_000).utf8)
            try await self.expectStored(chain, self.envelope(data))
            let request = try #require(server.all.first)
            #expect(request.parameters["CONTENT_LENGTH"] == "\(request.input.readableBytes)")
            let expected = "Return-Path: <>\n" + String(repeating: "line\n\r", count: 100_000)
            #expect(request.body == Array(expected.utf8))
        }
    }

    // MARK: What scripts answer

    @Test(arguments: [
        FakeServer.Answer.body(""), .body("SAVE"), .body("not SAVED"), .body("<b>Fatal error</b>: oh"), .close,
        .octets([]),
        .octets(Array("HTTP/1.1 200 OK\r\n\r\nSAVED".utf8)), .octets(FakeServer.Answer.response("SAVED")),
        .octets(FakeServer.Answer.response("Status: 500 Oh\r\n\r\nSAVED")),
        .octets(FakeServer.Answer.response("X: y\r\n\r\nSAVED", status: 1)),
        .octets(FastCGIRecordTests.octets(6, Array("X: y\r\n\r\nSAVED".utf8)), closes: true),
        .octets(FakeServer.Answer.response("X: y\r\n\r\nSAVED").dropLast(), closes: true),
        .octets(FastCGIRecordTests.octets(3, [0, 0, 0, 0, 2, 0, 0, 0])),
        .octets(FakeServer.Answer.response("X: y\r\n\r\nSAVED" + String(repeating: "x", count: 1_000))),
    ])
    func whateverIsNotSAVEDIsAFailure(_ answer: FakeServer.Answer) async throws {
        let isSilence: Bool = if case .octets(let octets, _) = answer { octets.isEmpty } else { false }
        try await self.with(
            answer: Script { _ in answer },
            settings: .testing {
                $0.maximumReplySize = 512
                if isSilence { $0.timeout = .milliseconds(200) }
            }
        ) { server, chain in
            await #expect { try await self.save(chain) } throws: {
                ($0 as? FastCGIError)?.smtpReply == .localError
            }
            await #expect { try await self.validate(chain) } throws: {
                ($0 as? FastCGIError)?.smtpReply == .localError
            }
        }
    }

    @Test func aRefusalIsTheScriptsOwnWord() async throws {
        try await self.with(answer: Script { _ in .body("REJECTED büro is closed\r\n250 OK\r\n") }) { server, chain in
            let verdict = try await self.validate(chain)
            #expect(verdict == .rejected(reason: "b??ro is closed"))
            // For a message it means nothing.
            await #expect(throws: FastCGIError.self) { try await self.save(chain) }
        }
    }

    @Test func standardErrorIsLoggedOnOneLineAndCut() async throws {
        let noise = Array("a\r\nlevel=info".utf8) + [UInt8](repeating: 0x1B, count: 60_000)
        try await self.with(
            answer: Script { _ in
                .octets(FastCGIRecordTests.octets(7, noise) + FakeServer.Answer.response("X: y\r\n\r\nSAVED"))
            }
        ) { server, chain in
            try await self.expectStored(chain)
            let entry = try #require(self.log.entries.first)
            #expect(entry.level == .warning)
            #expect(entry.metadata["octets"] == "60013")
            #expect(entry.metadata["text"]?.description.hasPrefix("a??level=info?????") == true)
            #expect(entry.metadata["text"]?.description.utf8.count == 1_024)
        }
    }

    @Test func anAnswerBeforeTheEndOfTheRequestCountsAndEndsTheConnection() async throws {
        try await self.with(answersEarly: true, answer: Script { _ in .body("SAVED") }) { server, chain in
            // More than the socket buffers hold: without the answer, sending would never end.
            let data = [UInt8](repeating: 0, count: 8_000_000)
            try await self.expectStored(chain, self.envelope(data))
            try await self.expectStored(chain)
            #expect(server.connectionCount == 2)
        }
    }

    @Test func octetsBehindAResponseEndTheConnection() async throws {
        try await self.with(answer: Script { _ in .octets(FakeServer.Answer.response("X: y\r\n\r\nSAVED") + [1]) }) {
            server,
            chain in
            try await self.expectStored(chain)
            try await self.expectStored(chain)
            #expect(server.all.map(\.number) == [1, 1])
        }
    }

    @Test func aScriptThatHangsCostsItsTimeout() async throws {
        try await self.with(answer: Script { _ in .silence }, settings: .testing { $0.timeout = .milliseconds(100) }) {
            server,
            chain in
            await #expect(throws: FastCGIError.timedOut(.milliseconds(100), script: "/srv/save.php")) {
                try await self.save(chain)
            }
            #expect(await eventually { server.openCount == 0 })
        }
    }

    // MARK: Connections

    @Test func aConnectionIsUsedAgain() async throws {
        try await self.with(answer: Script { _ in .body("SAVED") }) { server, chain in
            for _ in 0..<5 { try await self.expectStored(chain) }
            #expect(server.all.map(\.number) == [1, 2, 3, 4, 5])
        }
    }

    @Test func withoutAnIdleTimeoutEachRequestHasItsOwn() async throws {
        try await self.with(answer: Script { _ in .body("SAVED") }, settings: .testing { $0.idleTimeout = .zero }) {
            server,
            chain in
            for _ in 0..<3 { try await self.expectStored(chain) }
            #expect(server.all.map(\.number) == [1, 1, 1])
            #expect(server.all.allSatisfy { !$0.keepsConnection })
        }
    }

    @Test func anIdleConnectionIsClosed() async throws {
        try await self.with(
            answer: Script { _ in .body("SAVED") },
            settings: .testing { $0.idleTimeout = .milliseconds(50) }
        ) {
            server,
            chain in
            try await self.expectStored(chain)
            #expect(await eventually { server.openCount == 0 })
            try await self.expectStored(chain)
        }
    }

    @Test func aKeptConnectionThatDiedIsReplaced() async throws {
        try await self.with(answer: Script { _ in .body("SAVED") }) { server, chain in
            try await self.expectStored(chain)
            await server.closeConnections()
            try await self.expectStored(chain)
        }
    }

    /// The server takes the request and closes, as a php-fpm that is restarted: on a kept connection it is made again, on a new one not.
    @Test func aRequestIsRepeatedOnceAndOnlyAfterAKeptConnection() async throws {
        try await self.with(answer: Script { $0.number == 2 ? .close : .body("SAVED") }) { server, chain in
            try await self.expectStored(chain)
            try await self.expectStored(chain)
            #expect(server.all.map(\.number) == [1, 2, 1])
        }
        try await self.with(answer: Script { _ in .close }, settings: .testing { $0.idleTimeout = .zero }) {
            server,
            chain in
            await #expect(throws: FastCGIError.closed(isAnswered: false)) { try await self.save(chain) }
            #expect(server.all.count == 1)
        }
    }

    @Test func aRequestThatWasAnsweredInPartIsNotRepeated() async throws {
        try await self.with(answer: Script { $0.number == 2 ? .octets([1], closes: true) : .body("SAVED") }) {
            server,
            chain in
            try await self.expectStored(chain)
            await #expect(throws: FastCGIError.closed(isAnswered: true)) { try await self.save(chain) }
            #expect(server.all.map(\.number) == [1, 2])
        }
    }

    @Test func thereAreNoMoreConnectionsThanAllowed() async throws {
        try await self.with(answer: Script { _ in .body("SAVED") }, settings: .testing { $0.maximumConnections = 3 }) {
            server,
            chain in
            try await withThrowingTaskGroup { group in
                for _ in 0..<100 { group.addTask { try await self.save(chain) } }
                for try await verdict in group { #expect(verdict == .stored) }
            }
            #expect(server.all.count == 100)
            #expect(server.connectionCount <= 3)
        }
    }

    @Test func theQueueIsBoundedAndCanBeLeft() async throws {
        try await self.with(
            answer: Script { _ in .silence },
            settings: .testing { $0.maximumQueued = 1 }
        ) { server, chain in
            let first = Task { try await self.save(chain) }
            #expect(await eventually { server.all.count == 1 })
            // Of two more there is room for one, whichever comes first.
            await withThrowingTaskGroup { group in
                for _ in 0..<2 { group.addTask { try await self.save(chain) } }
                await #expect {
                    _ = try await group.next()
                } throws: {
                    let told = $0 as? OutageError
                    return told?.reason as? FastCGIError == .queueFull && told?.smtpReply == .storeBusy
                }
                group.cancelAll()
                await #expect {
                    _ = try await group.next()
                } throws: {
                    // What was waited for longer than a second counts as an outage, which this one is in already.
                    let error = ($0 as? OutageError)?.reason ?? $0
                    if case .givenUp("/srv/save.php", _)? = error as? FastCGIError { return true } else { return false }
                }
            }
            // Not its connections only: the first request would be made again on a new one.
            await server.stop()
            await #expect {
                try await first.value
            } throws: {
                if case .cannotConnect? = ($0 as? OutageError)?.reason as? FastCGIError { true } else { false }
            }
        }
    }

    @Test func aQuestionIsGivenUpWhenNobodyWaitsForIt() async throws {
        try await self.with(answer: Script { _ in .silence }) { server, chain in
            let question = Task { try await self.validate(chain) }
            #expect(await eventually { server.all.count == 1 })
            question.cancel()
            await #expect {
                try await question.value
            } throws: {
                if case .givenUp("/srv/validate.php", _)? = $0 as? FastCGIError { true } else { false }
            }
            #expect(await eventually { server.openCount == 0 })
        }
    }

    // MARK: Outages

    @Test func aServerThatGoesAwayIsToldOfOnce() async throws {
        try await self.with(answer: Script { _ in .body("SAVED") }) { server, chain in
            try await self.expectStored(chain)
            await server.stop()
            for _ in 0..<5 { await #expect(throws: OutageError.self) { try await self.save(chain) } }
            await #expect(throws: OutageError.self) { try await self.validate(chain) }
            #expect(self.log.entries.map(\.level) == [.error])
            let line = self.log.entries.first.map { "\($0.message)" } ?? ""
            #expect(
                line.hasPrefix(
                    "the FastCGI server at 127.0.0.1:\(server.port) is away, messages wait at their senders: "
                )
            )
            #expect(line.hasSuffix("Connection refused"), "\(line)")
        }
    }

    @Test func whatOnlyOneRequestMeetsIsToldOfEachTime() async throws {
        let settings = FastCGISettings.testing { $0.timeout = .seconds(3) }
        try await self.with(
            answer: Script { $0.parameters["REQUEST_METHOD"] == "GET" ? .silence : .body("SAVED") },
            settings: settings
        ) { _, chain in
            for _ in 0..<4 {
                await #expect(throws: FastCGIError.self) { try await self.validate(chain) }
                try await self.expectStored(chain)
            }
            #expect(self.log.entries.isEmpty)
        }
    }

    @Test func aServerThatAnswersNothingIsToldOfOnceSeveralInARowHaveMetIt() async throws {
        let settings = FastCGISettings.testing { $0.timeout = .milliseconds(50) }
        try await self.with(answer: Script { _ in .silence }, settings: settings) { _, chain in
            for _ in 0..<2 { await #expect(throws: FastCGIError.self) { try await self.validate(chain) } }
            for _ in 0..<5 { await #expect(throws: OutageError.self) { try await self.validate(chain) } }
            #expect(self.log.entries.map(\.level) == [.error])
        }
    }

    @Test func aTimeOutNamesItsScriptAndItsTime() {
        let given = FastCGIError.givenUp(script: "/srv/validate.php", after: .milliseconds(5_012))
        #expect(
            given.description
                == "the script /srv/validate.php had not answered after 5.0 s: the client's time was over, or the client had left"
        )
        let timedOut = FastCGIError.timedOut(.seconds(20), script: "/srv/save.php")
        #expect(timedOut.description == "the script /srv/save.php did not finish within 20.0 s (fcgi_timeout)")
    }

    @Test func aMessageOnItsWayIsNotGivenUp() async throws {
        let gate = Gate()
        try await self.with(
            answer: Script { _ in
                gate.wait()
                return .body("SAVED")
            }
        ) { server, chain in
            let message = Task { try await self.save(chain) }
            #expect(await eventually { server.all.count == 1 })
            message.cancel()
            gate.open()
            let verdict = try await message.value
            #expect(verdict == .stored)
        }
    }

    // MARK: Start and end

    @Test func aServerThatIsNotThereFailsTheStart() async throws {
        let processor = FastCGIProcessor(
            FastCGISettings(address: .tcp(host: "127.0.0.1", port: 1)),
            saveScript: "",
            validateScript: "",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        await #expect {
            try await processor.start()
        } throws: {
            "\($0)" == "cannot connect to the FastCGI server at 127.0.0.1:1: Connection refused"
        }
    }

    @Test func aSocketThatIsNotThereFailsTheStart() async throws {
        let processor = FastCGIProcessor(
            FastCGISettings(address: .unix(path: "/nowhere/php.sock")),
            saveScript: "",
            validateScript: "",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        await #expect {
            try await processor.start()
        } throws: {
            "\($0)" == "cannot connect to the FastCGI server at /nowhere/php.sock: No such file or directory"
        }
    }

    /// The deadline of the shutdown has passed, and the script is still at work.
    @Test func aRequestOnItsWayOutlivesTheEnd() async throws {
        let gate = Gate()
        try await self.with(
            answer: Script { _ in
                gate.wait()
                return .body("SAVED")
            }
        ) { server, chain in
            let message = Task { try await self.save(chain) }
            #expect(await eventually { server.all.count == 1 })
            await chain.shutdown(deadline: .now)
            await #expect(throws: FastCGIError.notRunning) { try await self.save(chain) }
            gate.open()
            let verdict = try await message.value
            #expect(verdict == .stored)
        }
    }

    @Test func nothingIsSavedBeforeTheStartOrAfterTheEnd() async throws {
        try await self.with(answer: Script { _ in .body("SAVED") }) { server, chain in
            try await self.expectStored(chain)
            await chain.shutdown(deadline: .now)
            await #expect(throws: FastCGIError.notRunning) { try await self.save(chain) }
        }
    }
}

extension FastCGISettings {
    /// No clock runs out by itself.
    fileprivate static func testing(_ configure: (inout FastCGISettings) -> Void = { _ in }) -> FastCGISettings {
        var settings = FastCGISettings(address: .unix(path: ""))
        settings.timeout = patience
        settings.idleTimeout = patience
        configure(&settings)
        return settings
    }
}
