import Guerrilla
import GuerrillaTesting
import Testing

@testable import CustomProcessor

struct SubjectFilterTests {
    @Test func fitsIntoAChain() async throws {
        try await ProcessorCompatibilityTest(SubjectFilter.description).run()
    }

    @Test(arguments: [("Lottery!", false), ("Hello", true), (nil, true)])
    func refusesSubjects(_ subject: String?, _ isWanted: Bool) async throws {
        var registry = ProcessorRegistry()
        registry.register(SubjectFilter.description)
        let chain = try ProcessorChain(save: "SubjectFilter", registry: registry, context: .testing())
        var envelope = try Envelope.testing()
        envelope.subject = subject
        let verdict = try await chain.save(&envelope)
        #expect((verdict == .discarded) == isWanted)
    }
}
