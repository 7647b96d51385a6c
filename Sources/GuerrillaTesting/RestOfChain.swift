import GuerrillaBackend
import GuerrillaMail
import Synchronization

/// What stands behind the processor under test: answers as it is told and counts.
final class RestOfChain: Processor {
    static let capabilities: ProcessorCapabilities = [.saves, .validates]

    private enum Behaviour {
        case save(SaveVerdict)
        case validate(RecipientVerdict)
        case fail(any Error)
        case hang
    }

    private let behaviour: Behaviour
    private let count = Atomic<Int>(0)

    private init(_ behaviour: Behaviour) {
        self.behaviour = behaviour
    }

    convenience init(answering verdict: SaveVerdict) {
        self.init(.save(verdict))
    }

    convenience init(answering verdict: RecipientVerdict) {
        self.init(.validate(verdict))
    }

    convenience init(failing error: any Error) {
        self.init(.fail(error))
    }

    /// Waits until it is cancelled.
    static func hanging() -> RestOfChain {
        RestOfChain(.hang)
    }

    /// How many times it was called.
    var calls: Int { self.count.load(ordering: .relaxed) }

    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        try await self.behave()
        if case .save(let verdict) = self.behaviour { return verdict }
        return .discarded
    }

    func validate(
        _ recipient: Recipient,
        in envelope: borrowing Envelope,
        next: ValidateNext
    ) async throws -> RecipientVerdict {
        try await self.behave()
        if case .validate(let verdict) = self.behaviour { return verdict }
        return .accepted
    }

    private func behave() async throws {
        self.count.add(1, ordering: .relaxed)
        switch self.behaviour {
        case .fail(let error): throw error
        case .hang: while true { try await Task.sleep(for: .seconds(3_600)) }
        case .save, .validate: break
        }
    }
}
