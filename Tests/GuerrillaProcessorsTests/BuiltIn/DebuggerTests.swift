import GuerrillaBackend
import GuerrillaMail
import GuerrillaProcessors
import InMemoryLogging
import Logging
import NIOCore
import Testing

struct DebuggerTests {
    private let harness = ProcessorHarness()
    private let message = "Subject: =?UTF-8?Q?gr=C3=BC=C3=9Fe?=\r\nTo: bob@example.com\r\n\r\nThe Secret Body\r\n"

    private func configuration(_ values: ConfigurationObject) -> ProcessorConfiguration {
        ProcessorConfiguration(values: values)
    }

    @Test func envelopeHeaderSectionAndSubjectAreLoggedAndNotTheBody() async throws {
        var envelope = Envelope.sample(self.message)
        envelope.recipients.append(.sample("carol"))
        let chain = try self.harness.chain(
            "HeadersParser|Debugger",
            configuration: self.configuration(["log_received_mails": true])
        )
        #expect(try await chain.save(&envelope) == .stored)
        #expect(
            self.harness.log.map(\.message) == [
                "Mail from: alice@example.org / to: bob@example.com, carol@example.com",
                "Headers are: Subject: =?UTF-8?Q?gr=C3=BC=C3=9Fe?=; To: bob@example.com",
                "Subject is: grüße",
            ]
        )
        #expect(self.harness.log.allSatisfy { $0.level == .info && $0.metadata == ["smtp.queued_id": "7f3a09"] })
        #expect(!"\(self.harness.log)".contains("Secret"))
    }

    @Test func withoutHeadersParserOnlyTheEnvelopeIsLogged() async throws {
        var envelope = Envelope.sample(self.message)
        envelope.reversePath = .null
        let chain = try self.harness.chain("Debugger", configuration: self.configuration(["log_received_mails": true]))
        #expect(try await chain.save(&envelope) == .stored)
        #expect(self.harness.log.map(\.message) == ["Mail from:  / to: bob@example.com"])
    }

    @Test(arguments: [[:], ["log_received_mails": false]] as [ConfigurationObject])
    func nothingIsLoggedUnlessAskedFor(_ values: ConfigurationObject) async throws {
        var envelope = Envelope.sample(self.message)
        let chain = try self.harness.chain("HeadersParser|Debugger", configuration: self.configuration(values))
        #expect(try await chain.save(&envelope) == .stored)
        #expect(self.harness.log.isEmpty)
    }

    @Test func bodyIsLoggedWhenAskedFor() async throws {
        var envelope = Envelope.sample(self.message)
        let chain = try self.harness.chain("Debugger", configuration: self.configuration(["log_message_bodies": true]))
        #expect(try await chain.save(&envelope) == .stored)
        #expect(self.harness.log.map(\.message) == ["Data is: \(self.message)"])
        #expect(self.harness.log.allSatisfy { $0.metadata == ["smtp.queued_id": "7f3a09"] })
    }

    @Test func octetsThatAreNoTextDoNotGoIntoTheLog() async throws {
        var octets = ByteBuffer(string: "a\0")
        octets.writeBytes([0xFF, 0xC3, 0x28])
        var envelope = Envelope.sample(MessageData(octets))
        let chain = try self.harness.chain("Debugger", configuration: self.configuration(["log_message_bodies": true]))
        #expect(try await chain.save(&envelope) == .stored)
        #expect(self.harness.log.map(\.message) == ["Data is: a\0\u{FFFD}\u{FFFD}("])
    }

    /// Hundreds of kilobytes in one line are no use to anybody, and each waits in the log's queue.
    @Test func longTextsAreCut() async throws {
        let long = String(repeating: "x", count: 300_000)
        var envelope = Envelope.sample(MessageData.received("Subject: \(long)\r\nX: y\r\n\r\n\(long)\r\n"))
        envelope.recipients = (1...200).map { .sample("user\($0)") }
        let chain = try self.harness.chain(
            "HeadersParser|Debugger",
            configuration: self.configuration(["log_received_mails": true, "log_message_bodies": true])
        )
        #expect(try await chain.save(&envelope) == .stored)
        let lines = self.harness.log.map { "\($0.message)" }
        #expect(lines.map { String($0.prefix(8)) } == ["Mail fro", "Headers ", "Subject ", "Data is:"])
        #expect(lines.allSatisfy { $0.utf8.count < 1_000 && $0.hasSuffix("[cut]") })
        #expect(lines[2] == "Subject is: " + String(repeating: "x", count: 900) + " [cut]")
    }

    @Test func textOfTheGreatestLengthIsNotCut() async throws {
        let text = String(repeating: "x", count: 900)
        var envelope = Envelope.sample(text)
        let chain = try self.harness.chain("Debugger", configuration: self.configuration(["log_message_bodies": true]))
        #expect(try await chain.save(&envelope) == .stored)
        #expect(self.harness.log.map(\.message) == ["Data is: \(text)"])
    }

    @Test func sleepSecondsOneBreaksOnPurposeAfterLogging() async throws {
        var envelope = Envelope.sample(self.message)
        let chain = try self.harness.chain(
            "Debugger",
            configuration: self.configuration(["log_received_mails": true, "sleep_seconds": 1])
        )
        let error = await #expect(throws: Debugger.BrokenOnPurpose.self) { try await chain.save(&envelope) }
        #expect(error?.description == "sleep_seconds is 1: this message was to fail")
        #expect(self.harness.kept.all.isEmpty)
        #expect(self.harness.log.count == 1)
    }

    @Test func sleepEndsWithItsTask() async throws {
        let chain = try self.harness.chain("Debugger", configuration: self.configuration(["sleep_seconds": 3_600]))
        let saving = Task {
            var envelope = Envelope.sample(self.message)
            return try await chain.save(&envelope)
        }
        saving.cancel()
        await #expect(throws: CancellationError.self) { try await saving.value }
        #expect(self.harness.kept.all.isEmpty)
    }

    @Test(
        arguments: [
            (
                ["log_received_mails": "yes"],
                "backend_config.log_received_mails: expected true or false, found the string"
            ),
            (
                ["log_received_mails": 1],
                "backend_config.log_received_mails: expected true or false, found the number 1"
            ),
            (
                ["log_message_bodies": "no"],
                "backend_config.log_message_bodies: expected true or false, found the string"
            ),
            (["sleep_seconds": "5"], "backend_config.sleep_seconds: expected a whole number, found the string \"5\""),
            (["sleep_seconds": true], "backend_config.sleep_seconds: expected a whole number, found true"),
            (["sleep_seconds": -1], "backend_config.sleep_seconds: -1 is out of range; use 0 to 3600"),
            (["sleep_seconds": 3_601], "backend_config.sleep_seconds: 3601 is out of range; use 0 to 3600"),
        ] as [(ConfigurationObject, String)]
    )
    func wrongValuesAreToldWithTheirKey(values: ConfigurationObject, sentence: String) {
        #expect {
            try self.harness.chain("Debugger", configuration: self.configuration(values))
        } throws: { error in
            error is ConfigurationError && "\(error)".hasPrefix(sentence)
        }
    }

    @Test func negativeSleepInCodeIsNone() async throws {
        let harness = ProcessorHarness([
            { logger in
                ProcessorDescription("Debugger", Debugger.self) { _ in
                    Debugger(logsMessages: false, sleepSeconds: .min, logger: logger)
                }
            }
        ])
        #expect(try await harness.pass(.sample(self.message), through: "Debugger") != nil)
    }
}
