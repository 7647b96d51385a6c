import GuerrillaBackend
import GuerrillaMail
import GuerrillaProcessors
import InMemoryLogging
import Logging
import Testing

struct DebuggerTests {
    private let harness = ProcessorHarness()
    private let message = "Subject: =?UTF-8?Q?gr=C3=BC=C3=9Fe?=\r\nTo: bob@example.com\r\n\r\nThe Secret Body\r\n"

    private func configuration(
        _ values: ConfigurationObject,
        environment: [String: String] = [:]
    ) -> ProcessorConfiguration {
        ProcessorConfiguration(values: values, environment: environment)
    }

    @Test func envelopeHeaderSectionAndSubjectAreLoggedAndNeverTheBody() async throws {
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

    @Test func environmentGoesBeforeTheFile() async throws {
        var envelope = Envelope.sample(self.message)
        let chain = try self.harness.chain(
            "Debugger",
            configuration: self.configuration(
                ["log_received_mails": false],
                environment: ["GUERRILLA_BACKEND_CONFIG_LOG_RECEIVED_MAILS": "1"]
            )
        )
        #expect(try await chain.save(&envelope) == .stored)
        #expect(self.harness.log.count == 1)
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
