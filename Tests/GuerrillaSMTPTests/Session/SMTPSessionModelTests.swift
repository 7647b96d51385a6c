import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Testing

@testable import GuerrillaSMTP

/// The session beside ``SessionModel``: random commands, valid and not, in any order, cut into random segments.
///
/// The model is told one command at a time; the session only sees octets. Each has to come to the same replies and the
/// same messages, and the session may hold nothing of a transaction that the model has not.
struct SMTPSessionModelTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func sessionDoesWhatTheModelSays(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var delivered = 0
        for round in 0..<50 {
            guard let messages = self.play(&random) else {
                Issue.record("seed \(seed), round \(round)")
                return
            }
            delivered += messages
        }
        // Not only refusals.
        #expect(delivered > 25)
    }

    /// One session: the number of messages delivered, or nil when something was not as it has to be.
    private func play(_ random: inout SeededRandom) -> Int? {
        var limits = SMTPSessionLimits()
        limits.recipients = Int.random(in: 1...4, using: &random)
        limits.messages = Int.random(in: 1...12, using: &random)
        limits.badCommands = Int.random(in: 2...20, using: &random)
        limits.messageSize = 200
        limits.dataOverrun = 10_000
        limits.commandLine = 512
        let budget = MemoryBudget(limit: 1 << 20)
        let peer = PureSession(limits: limits, budget: budget)
        var model = SessionModel(limits: limits)
        var expected = ["220"]
        var input: [UInt8] = []

        for _ in 0..<Int.random(in: 1...60, using: &random) where !model.isClosed {
            let command = SessionCommand.random(after: model, using: &random)
            input += command.octets
            if model.acceptsData, case .data(let message) = command { input += SessionCommand.stuffed(message) }
            expected += model.replies(to: command)
            // Now and then the client waits: what the session remembers is compared with the model, then.
            guard Int.random(in: 0..<4, using: &random) == 0 else { continue }
            self.send(&input, to: peer, &random)
            guard self.agree(peer, model, expected) else { return nil }
        }
        self.send(&input, to: peer, &random)
        guard self.agree(peer, model, expected) else { return nil }
        peer.session.connectionClosed()
        #expect(peer.session.transaction == nil)
        return model.messages.count
    }

    private func send(_ input: inout [UInt8], to peer: PureSession, _ random: inout SeededRandom) {
        let longest = [1, 3, 20, 2_000].randomElement(using: &random) ?? 1
        while !input.isEmpty {
            let piece = input.prefix(Int.random(in: 1...longest, using: &random))
            input.removeFirst(piece.count)
            peer.send(piece)
        }
    }

    private func agree(_ peer: PureSession, _ model: SessionModel, _ expected: [String]) -> Bool {
        // Of a reply of several lines, the last one counts.
        let codes = peer.output.split(separator: "\r\n").filter { $0.dropFirst(3).first == " " }.map { $0.prefix(3) }
        let messages = peer.messages.map {
            SessionModel.Message(
                sender: $0.transaction.reversePath.description,
                recipients: $0.transaction.recipients.map(\.description),
                data: $0.data.withContiguousBytes { Array($0) } ?? []
            )
        }
        let transaction = peer.session.transaction
        let agreements = [
            codes.map(String.init) == expected,
            messages == model.messages,
            transaction?.reversePath.description == model.sender,
            transaction?.recipients.map(\.description) ?? [] == model.recipients,
            peer.isClosed == model.isClosed,
        ]
        #expect(agreements == [true, true, true, true, true], "replies, messages, sender, recipients, closed")
        return !agreements.contains(false)
    }
}
