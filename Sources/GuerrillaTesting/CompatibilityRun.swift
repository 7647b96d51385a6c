import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import NIOCore
import Synchronization

/// One run of a ``ProcessorCompatibilityTest``.
struct CompatibilityRun {
    let test: ProcessorCompatibilityTest
    let loops: [any EventLoop]
    private let found = Findings()

    /// Findings are collected, so that a developer sees all of them at once.
    private final class Findings: Sendable {
        private let sentences = Mutex<[String]>([])
        private let hanging = Atomic<Bool>(false)
        var isAnythingHanging: Bool { self.hanging.load(ordering: .relaxed) }
        func hangs() { self.hanging.store(true, ordering: .relaxed) }
        var all: [String] { self.sentences.withLock { $0 } }
        func add(_ sentence: String) {
            self.sentences.withLock { if !$0.contains(sentence) { $0.append(sentence) } }
        }
    }

    init(test: ProcessorCompatibilityTest, loops: [any EventLoop]) {
        self.test = test
        self.loops = loops
    }

    /// Whether a call did not end in time.
    var foundHanging: Bool { self.found.isAnythingHanging }

    private var saves: Bool { self.test.description.capabilities.contains(.saves) }
    private var validates: Bool { self.test.description.capabilities.contains(.validates) }
    private var stores: Bool { self.test.description.capabilities.contains(.stores) }

    func all() async throws {
        if let processor = try await self.started("start") {
            if self.saves {
                try await self.saveMessages(with: processor)
                try await self.failBehind(processor)
                try await self.cancel(processor)
                try await self.saveManyAtOnce(with: processor)
                try await self.holdNoLoop(processor)
            }
            if self.validates { try await self.validateRecipients(with: processor) }
            try await self.takeOver(from: processor)
        }
        guard self.found.all.isEmpty else {
            throw ProcessorIncompatibility(processor: self.test.description.name, findings: self.found.all)
        }
    }

    // MARK: Steps

    /// - Returns: A processor that is started, nil when there was a finding.
    private func started(_ step: String) async throws -> (any Processor)? {
        let context = ProcessorContext(
            configuration: ProcessorConfiguration(values: self.test.configuration),
            logger: self.test.logger,
            primaryMailHost: "mail.example.com",
            saveTimeout: self.test.patience
        )
        do {
            let processor = try self.test.description.make(context)
            switch await self.outcome(of: { try await processor.start() }) {
            case .success: return processor
            case .failure(let error): self.found.add("\(step): \(error)")
            case nil: self.found.add("\(step): start() hangs")
            }
        } catch {
            self.found.add("\(step): it cannot be made: \(error)")
        }
        return nil
    }

    private func saveMessages(with processor: any Processor) async throws {
        for (name, envelope) in try TestMessages.all(recipients: self.test.recipients) {
            for end in [SaveVerdict.discarded, .stored] {
                let rest = RestOfChain(answering: end)
                let outcome = await self.save(envelope, processor, rest)
                self.judge(outcome, behind: rest, end: end, step: "save (\(name))")
            }
        }
    }

    private func judge(_ outcome: Outcome<SaveVerdict>?, behind rest: RestOfChain, end: SaveVerdict, step: String) {
        if rest.calls > 1 { self.found.add("\(step): next was called \(rest.calls) times; once is the most") }
        switch outcome {
        case nil:
            self.found.add("\(step): save hangs")
        case .failure(let error):
            self.found.add("\(step): save throws: \(error)")
        case .success(.discarded) where end == .stored && rest.calls > 0:
            self.found.add("\(step): what the rest of the chain has stored was called discarded")
        case .success(.stored) where !self.stores && (end != .stored || rest.calls == 0):
            self.found.add("\(step): the verdict is stored, but `.stores` is not among the processor's capabilities")
        case .success(.discarded) where self.stores:
            self.found.add("\(step): `.stores` is among the capabilities, but the message was called discarded")
        case .success:
            break
        }
    }

    private func failBehind(_ processor: any Processor) async throws {
        let envelope = try TestMessages.ordinary(recipients: self.test.recipients)
        switch await self.save(envelope, processor, RestOfChain(failing: Broken())) {
        case nil: self.found.add("throw: save hangs when the rest of the chain throws")
        case .success(.stored), .success(.discarded):
            self.found.add("throw: the rest of the chain has thrown, and the message was called accepted all the same")
        case .success(.reply(let reply)) where reply.code.kind == .positiveCompletion:
            self.found.add("throw: the rest of the chain has thrown, and the reply is \(reply.code.rawValue)")
        case .success(.reply), .failure: break
        }
        let rest = RestOfChain(answering: .stored)
        self.judge(
            await self.save(envelope, processor, rest),
            behind: rest,
            end: .stored,
            step: "throw (the message after the one that failed)"
        )
    }

    /// A verdict that does not come in time is what the chain behind looks like here: it waits until it is cancelled.
    private func cancel(_ processor: any Processor) async throws {
        let envelope = try TestMessages.ordinary(recipients: self.test.recipients)
        let rest = RestOfChain.hanging()
        let outcome = await self.save(envelope, processor, rest, cancelWhen: { rest.calls > 0 })
        if outcome == nil {
            self.found.add("cancel: save goes on for ever after its verdict was late and it was cancelled")
        }
        let early = await self.save(envelope, processor, .hanging(), cancelWhen: { true })
        if early == nil { self.found.add("cancel: save goes on for ever when it is cancelled at once") }
        let after = RestOfChain(answering: .stored)
        self.judge(
            await self.save(envelope, processor, after),
            behind: after,
            end: .stored,
            step: "cancel (the message after)"
        )
    }

    private func saveManyAtOnce(with processor: any Processor) async throws {
        let envelope = try TestMessages.ordinary(recipients: self.test.recipients)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<self.test.concurrentMessages {
                let loop = self.loops[number % self.loops.count]
                group.addTask {
                    let rest = RestOfChain(answering: .discarded)
                    let outcome = await self.save(envelope, processor, rest, on: loop)
                    self.judge(outcome, behind: rest, end: .discarded, step: "concurrent use")
                }
            }
        }
    }

    private func holdNoLoop(_ processor: any Processor) async throws {
        let envelope = try TestMessages.large(recipients: self.test.recipients)
        let beat = try await Heartbeat.start(on: self.loops[0])
        // A busy machine keeps both loops waiting, also the one that has nothing to do.
        let idleBeat = try await Heartbeat.start(on: self.loops[1])
        for _ in 0..<3 {
            _ = await self.save(envelope, processor, RestOfChain(answering: .discarded), on: self.loops[0])
        }
        let (held, idle) = (try await beat.stop(), try await idleBeat.stop())
        let longest = held - idle
        if longest > self.test.longestHold {
            let milliseconds = longest / .milliseconds(1)
            self.found.add(
                "event loop: a message of \(envelope.data.size) octets kept other connections waiting for"
                    + " \(Int(milliseconds)) ms; what blocks or computes for long belongs elsewhere"
            )
        }
    }

    private func validateRecipients(with processor: any Processor) async throws {
        let envelope = try Envelope.testing(to: [], data: "")
        let existing = try self.test.recipients.map(Recipient.testing)
        for recipient in existing + TestMessages.unusualRecipients {
            let outcome = await self.validate(recipient, envelope, processor, behind: RestOfChain(answering: .accepted))
            self.judge(outcome, recipient, exists: existing.contains(recipient))
        }
        for recipient in existing {
            switch await self.validate(
                recipient,
                envelope,
                processor,
                behind: RestOfChain(answering: .rejected(reason: "no"))
            ) {
            case .success(.accepted):
                self.found.add("validate: the rest of the chain has refused a recipient, and it was accepted")
            case nil: self.found.add("validate: validate hangs")
            default: break
            }
            switch await self.validate(recipient, envelope, processor, behind: RestOfChain(failing: Broken())) {
            case .success(.accepted):
                self.found.add("validate: the rest of the chain has thrown, and the recipient was accepted")
            case nil: self.found.add("validate: validate hangs")
            default: break
            }
        }
    }

    private func judge(_ outcome: Outcome<RecipientVerdict>?, _ recipient: Recipient, exists: Bool) {
        switch outcome {
        case nil:
            self.found.add("validate: validate hangs")
        case .failure(let error):
            self.found.add("validate: <\(recipient)> makes it throw: \(error)")
        case .success(.reply(let reply))
        where reply.code.kind != .transientNegative && reply.code.kind != .permanentNegative:
            self.found.add("validate: a refusal has the code \(reply.code.rawValue); 4yz and 5yz refuse")
        case .success(.rejected(let reason)) where exists:
            self.found.add("validate: <\(recipient)> exists and is refused: \(reason)")
        case .success(.reply(let reply)) where exists:
            self.found.add("validate: <\(recipient)> exists and is answered \(reply.code.rawValue)")
        case .success:
            break
        }
    }

    /// When a backend is replaced, the new instance works while the old one still does.
    private func takeOver(from processor: any Processor) async throws {
        let successor = try await self.started("start (beside another instance)")
        if let successor, self.saves {
            let envelope = try TestMessages.ordinary(recipients: self.test.recipients)
            for instance in [processor, successor] {
                let rest = RestOfChain(answering: .discarded)
                let outcome = await self.save(envelope, instance, rest)
                self.judge(outcome, behind: rest, end: .discarded, step: "two instances at once")
            }
        }
        for instance in [processor, successor].compactMap(\.self) {
            let outcome = await self.outcome { await instance.shutdown(deadline: .now + .seconds(5)) }
            if outcome == nil { self.found.add("shutdown: shutdown(deadline:) hangs") }
        }
    }

    // MARK: Calls

    private func save(
        _ envelope: Envelope,
        _ processor: any Processor,
        _ rest: RestOfChain,
        on loop: (any EventLoop)? = nil,
        cancelWhen isCancelled: (@Sendable () -> Bool)? = nil
    ) async -> Outcome<SaveVerdict>? {
        await self.outcome(
            on: loop,
            of: {
                var envelope = envelope
                // A store takes no id twice.
                envelope.queuedID = .testing
                return try await processor.save(&envelope, next: SaveNext([rest]))
            },
            cancelWhen: isCancelled
        )
    }

    private func validate(
        _ recipient: Recipient,
        _ envelope: Envelope,
        _ processor: any Processor,
        behind rest: RestOfChain
    ) async -> Outcome<RecipientVerdict>? {
        await self.outcome { try await processor.validate(recipient, in: envelope, next: ValidateNext([rest])) }
    }

    private typealias Outcome<Value: Sendable> = Result<Value, any Error>

    /// Calls `body` as a connection does: on an event loop.
    /// - Returns: Nil when it did not end in time; it may then go on for as long as it likes.
    private func outcome<Value: Sendable>(
        on loop: (any EventLoop)? = nil,
        of body: @escaping @Sendable () async throws -> Value,
        cancelWhen isCancelled: (@Sendable () -> Bool)? = nil
    ) async -> Outcome<Value>? {
        let executor = EventLoopTaskExecutor(loop ?? self.loops[0])
        let answer = FirstAnswer<Outcome<Value>>()
        let task = Task(executorPreference: executor) {
            do { answer.give(.success(try await body())) } catch { answer.give(.failure(error)) }
        }
        let deadline = ContinuousClock.now + self.test.patience
        if let isCancelled {
            // It may also end without ever having come so far.
            while !isCancelled(), !answer.isGiven, ContinuousClock.now < deadline {
                try? await Task.sleep(for: .milliseconds(2))
            }
            task.cancel()
        }
        let timer = Task {
            try await Task.sleep(until: deadline, clock: .continuous)
            answer.give(nil)
        }
        defer { timer.cancel() }
        let outcome = await answer.wait()
        if outcome == nil { self.found.hangs() }
        return outcome
    }

    private struct Broken: Error, CustomStringConvertible {
        var description: String { "the rest of the chain is broken" }
    }
}
