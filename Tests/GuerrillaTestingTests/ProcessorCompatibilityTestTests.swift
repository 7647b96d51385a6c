import Guerrilla
import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import GuerrillaTestSupport
import GuerrillaTesting
import NIOCore
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// That the test finds what it looks for.
struct ProcessorCompatibilityTestTests {
    /// - Parameters:
    ///   - waiting: How long a call may take. Short only where one is to be found that does not end.
    ///   - hold: How long a loop may be held. Short only where one is to be found that is.
    private func findings(
        _ description: ProcessorDescription,
        waiting: Duration = patience,
        hold: Duration = patience
    ) async throws -> [String] {
        var test = ProcessorCompatibilityTest(description)
        test.patience = waiting
        test.longestHold = hold
        do {
            try await test.run()
            return []
        } catch let error as ProcessorIncompatibility {
            return error.findings
        }
    }

    private struct Closure: Processor {
        static let capabilities: ProcessorCapabilities = [.saves]
        let body: @Sendable (inout Envelope, SaveNext) async throws -> SaveVerdict

        func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
            try await self.body(&envelope, next)
        }
    }

    private func saving(
        _ body: @escaping @Sendable (inout Envelope, SaveNext) async throws -> SaveVerdict
    ) -> ProcessorDescription {
        ProcessorDescription("Closure", Closure.self) { _ in Closure(body: body) }
    }

    @Test func aDecoratorFits() async throws {
        let findings = try await self.findings(self.saving { try await $1(&$0) })
        #expect(findings == [])
    }

    @Test func callingNextTwiceIsFound() async throws {
        let findings = try await self.findings(
            self.saving {
                _ = try await $1(&$0)
                return try await $1(&$0)
            }
        )
        #expect(findings.contains { $0.contains("next was called 2 times") })
    }

    @Test func aVerdictThatIsNotTrueIsFound() async throws {
        let findings = try await self.findings(
            self.saving {
                _ = try await $1(&$0)
                return .stored
            }
        )
        #expect(findings.contains { $0.contains("`.stores` is not among") })
        let others = try await self.findings(
            self.saving {
                _ = try await $1(&$0)
                return .discarded
            }
        )
        #expect(others.contains { $0.contains("called discarded") })
    }

    @Test func swallowedErrorsAreFound() async throws {
        let findings = try await self.findings(
            self.saving {
                do { return try await $1(&$0) } catch { return .discarded }
            }
        )
        #expect(findings.contains { $0.hasPrefix("throw: ") })
    }

    @Test func ignoredCancellationIsFound() async throws {
        let findings = try await self.findings(
            self.saving { envelope, next in
                do {
                    return try await next(&envelope)
                } catch is CancellationError {
                    return await withUnsafeContinuation { (_: UnsafeContinuation<SaveVerdict, Never>) in }
                }
            },
            waiting: .seconds(2)
        )
        #expect(findings.contains { $0.hasPrefix("cancel: ") })
    }

    @Test func aHeldLoopIsFound() async throws {
        let findings = try await self.findings(
            self.saving {
                if $0.data.size > 2_000_000 { usleep(200_000) }
                return try await $1(&$0)
            },
            hold: .milliseconds(100)
        )
        #expect(findings.contains { $0.hasPrefix("event loop: ") })
    }

    @Test func aProcessorThatDoesNotStartIsFound() async throws {
        struct Refusal: Error {}
        let findings = try await self.findings(
            ProcessorDescription("Closure", Closure.self) { _ in throw Refusal() }
        )
        #expect(findings.count == 1 && findings[0].hasPrefix("start: "))
    }

    private struct Validating: Processor {
        static let capabilities: ProcessorCapabilities = [.validates]
        let answer: RecipientVerdict?

        func validate(
            _ recipient: Recipient,
            in envelope: borrowing Envelope,
            next: ValidateNext
        ) async throws -> RecipientVerdict {
            if let answer { return answer }
            return try await next(recipient, in: envelope)
        }
    }

    @Test func verdictsAboutRecipientsAreJudged() async throws {
        func findings(_ answer: RecipientVerdict?) async throws -> [String] {
            try await self.findings(
                ProcessorDescription("Validating", Validating.self) { _ in Validating(answer: answer) }
            )
        }
        #expect(try await findings(nil) == [])
        #expect(try await findings(.accepted).count == 2)
        #expect(try await findings(.rejected(reason: "no")).contains { $0.contains("exists and is refused") })
        let odd = RecipientVerdict.reply(SMTPReply(.ok, "fine"))
        #expect(try await findings(odd).contains { $0.contains("a refusal has the code 250") })
    }
}
