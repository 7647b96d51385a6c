import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import Logging
import NIOCore

/// The question that a session has asked and whose answer it waits for.
///
/// Late answers carry the token of a question that is not pending any more.
struct PendingVerdict {
    private var lastToken: UInt64 = 0
    private(set) var pendingToken: UInt64?
    private var task: Task<Void, Never>?

    mutating func ask() -> UInt64 {
        self.lastToken &+= 1
        self.pendingToken = self.lastToken
        return self.lastToken
    }

    /// Keeps the task that looks for the answer, unless the answer was there before the task could be kept.
    mutating func started(_ task: Task<Void, Never>, token: UInt64) {
        if self.pendingToken == token { self.task = task }
    }

    /// - Returns: Whether `token` belongs to the question that is pending; it is answered then.
    mutating func answer(_ token: UInt64) -> Bool {
        guard self.pendingToken == token else { return false }
        self.pendingToken = nil
        self.task = nil
        return true
    }

    /// The answer is of use to nobody, but what becomes of the question is still to be known. What waits in a queue is
    /// withdrawn; what may have an effect already goes on.
    func cancel() {
        self.task?.cancel()
    }

    /// Gives the question up. What waits in a queue is withdrawn; what may have an effect already goes on.
    mutating func abandon() {
        self.pendingToken = nil
        self.task.take()?.cancel()
    }
}

/// A message that waits for its verdict, apart from its connection: most connections wait for none.
final class MessageInHand: Sendable {
    let envelope: Envelope

    init(_ envelope: Envelope) {
        self.envelope = envelope
    }
}

extension SMTPServerHandler {
    // MARK: Recipients

    func validate(_ recipient: Recipient) {
        let resources = self.server.resources
        guard resources.allowedHosts.accepts(recipient.path) else {
            self.decide(.relayDenied)
            return
        }
        let lease: Gateway.Lease
        switch resources.gateway.recipientQuestion(recipient) {
        case .noBackend: return self.decide(.refused(.backendNotRunning))
        case .needless: return self.decide(.accepted)
        case .answered(let verdict): return self.decide(self.decision(verdict))
        case .ask(let taken): lease = taken
        }
        guard let transaction = self.session.transaction else { return self.decide(.refused(.localError)) }
        let now = WallClock.now()
        let envelope = Envelope(
            queuedID: resources.queuedIDs.next(unixMilliseconds: UInt64(clamping: now / 1_000)),
            client: self.session.client,
            reversePath: transaction.reversePath,
            recipients: transaction.recipients,
            bodyType: transaction.bodyType,
            isSMTPUTF8: transaction.isSMTPUTF8,
            data: .empty,
            receivedAt: now
        )
        let token = self.verdicts.ask()
        self.deadlines.verdictPending(for: lease.timeouts.validate)
        let eventLoop = self.loop.executor.eventLoop
        let handler = NIOLoopBound(self, eventLoop: eventLoop)
        let task = Task.immediate(executorPreference: self.loop.executor) {
            let answer: Result<RecipientVerdict, any Error>
            do {
                answer = .success(try await lease.validate(recipient, in: envelope))
            } catch {
                answer = .failure(error)
            }
            // Elsewhere only when the daemon has ended meanwhile: then there is nobody to be told.
            guard eventLoop.inEventLoop else { return }
            handler.value.validated(answer, token: token)
        }
        self.verdicts.started(task, token: token)
    }

    private func decision(_ verdict: RecipientVerdict) -> RecipientDecision {
        switch verdict {
        case .accepted: return .accepted
        case .rejected(let reason): return .refused(.userUnknown(reason: reason))
        case .reply(let reply):
            if let refusal = reply.asRefusal { return .refused(refusal) }
            self.logUnfit(reply, "Recipient was answered with what is no refusal", queuedID: nil)
            return .refused(.localError)
        }
    }

    private func validated(_ answer: Result<RecipientVerdict, any Error>, token: UInt64) {
        defer { self.verdictGiven() }
        self.deadlines.burstBegan()
        let decision: RecipientDecision
        switch answer {
        case .success(let verdict):
            decision = self.decision(verdict)
        case .failure(let error):
            decision = .refused(.of(error))
            // Given up because the client has gone, which has been logged.
            if case .closed = self.phase, error is CancellationError { break }
            self.log(error, "Recipient could not be validated", queuedID: nil)
        }
        guard self.verdicts.answer(token) else { return }
        self.decide(decision)
        self.resume()
    }

    private func decide(_ decision: RecipientDecision) {
        let refused = decision == .accepted ? nil : self.session.recipientInQuestion
        guard let action = self.session.recipientVerdict(decision) else { return }
        if let refused, case .reply(let reply) = action {
            self.log("Recipient refused", reply, of: self.session.transaction, to: [refused])
        }
        self.run(action)
    }

    // MARK: Messages

    func deliver(_ completed: CompletedTransaction) {
        let transaction = completed.transaction
        let resources = self.server.resources
        let now = WallClock.now()
        let envelope = Envelope(
            queuedID: resources.queuedIDs.next(unixMilliseconds: UInt64(clamping: now / 1_000)),
            client: self.session.client,
            reversePath: transaction.reversePath,
            recipients: transaction.recipients,
            bodyType: transaction.bodyType,
            isSMTPUTF8: transaction.isSMTPUTF8,
            data: completed.data,
            receivedAt: now
        )
        guard let lease = resources.gateway.lease() else {
            self.conclude(envelope, outcome: .failed, reply: .backendNotRunning)
            return
        }
        let token = self.verdicts.ask()
        self.deadlines.verdictPending(for: lease.timeouts.save)
        let eventLoop = self.loop.executor.eventLoop
        let handler = NIOLoopBound(self, eventLoop: eventLoop)
        // Begins here and now: a chain that never waits gives its verdict before this line is left.
        let task = Task.immediate(executorPreference: self.loop.executor) {
            var envelope = envelope
            do {
                let verdict = try await lease.backend.save(&envelope)
                // Elsewhere only when the daemon has ended meanwhile: then there is nobody to be told.
                guard eventLoop.inEventLoop else { return }
                handler.value.saved(verdict, envelope, token: token)
            } catch {
                guard eventLoop.inEventLoop else { return }
                handler.value.failed(error, envelope, token: token)
            }
        }
        self.verdicts.started(task, token: token)
        if self.verdicts.pendingToken == token { self.messageInHand = MessageInHand(envelope) }
    }

    /// To those who have gone, too, so that the server knows when the last one is there.
    private func verdictGiven() {
        if self.context == nil { self.server.lateVerdictGiven(by: self, on: self.loop.executor.eventLoop) }
    }

    private func saved(_ verdict: SaveVerdict, _ envelope: Envelope, token: UInt64) {
        defer { self.verdictGiven() }
        self.deadlines.burstBegan()
        let isLate = !self.verdicts.answer(token)
        switch verdict {
        case .stored:
            self.conclude(
                envelope,
                outcome: isLate ? .committedLate : .stored,
                reply: .queued(as: envelope.queuedID)
            )
        case .discarded:
            self.conclude(
                envelope,
                outcome: isLate ? .failedLate : .discarded,
                reply: .discarded(envelope.queuedID)
            )
        case .reply(let own):
            guard let reply = own.asVerdict else {
                self.logUnfit(own, "Message was answered with what is no verdict", queuedID: envelope.queuedID)
                self.conclude(envelope, outcome: isLate ? .failedLate : .failed, reply: .localError)
                return
            }
            let kind = reply.code.kind
            let outcome: MessageRecord.Outcome =
                if isLate {
                    kind == .positiveCompletion ? .committedLate : .failedLate
                } else {
                    kind == .transientNegative ? .deferred : .replied
                }
            self.conclude(envelope, outcome: outcome, reply: reply)
        }
    }

    private func failed(_ error: any Error, _ envelope: Envelope, token: UInt64) {
        defer { self.verdictGiven() }
        self.deadlines.burstBegan()
        let isLate = !self.verdicts.answer(token)
        if !isLate, case .closed = self.phase, error is CancellationError {
            self.messageInHand = nil
            self.record(envelope, outcome: .abandoned, reply: .localError)
            return
        }
        self.log(error, isLate ? "Message failed late" : "Message could not be saved", queuedID: envelope.queuedID)
        self.conclude(
            envelope,
            outcome: isLate ? .failedLate : error is OutageError ? .deferred : .failed,
            reply: .of(error)
        )
    }

    /// Writes the record of a message and, unless its verdict is late, answers the peer.
    private func conclude(_ envelope: Envelope, outcome: MessageRecord.Outcome, reply: SMTPReply) {
        self.record(envelope, outcome: outcome, reply: reply)
        switch outcome {
        case .stored, .discarded, .replied, .deferred, .failed, .timedOut, .abandoned:
            self.messageInHand = nil
            if let action = self.session.messageVerdict(reply) { self.run(action) }
            self.resume()
        case .committedLate, .failedLate:
            break
        }
    }

    private func record(_ envelope: Envelope, outcome: MessageRecord.Outcome, reply: SMTPReply) {
        guard let messageLog = self.settings.messageLog else { return }
        messageLog(outcome) {
            MessageRecord(
                queuedID: envelope.queuedID,
                client: envelope.client,
                reversePath: envelope.reversePath,
                recipients: envelope.recipients,
                size: envelope.data.size,
                outcome: outcome,
                reply: reply,
                duration: .microseconds(max(0, WallClock.now() - envelope.receivedAt)),
                receivedAt: envelope.receivedAt
            )
        }
    }

    // MARK: Late verdicts

    /// Answers 451 in the place of a verdict that did not come in time.
    func verdictTimedOut() {
        self.verdicts.abandon()
        if let envelope = self.messageInHand?.envelope {
            self.settings.logger.warning(
                "Backend has timed out while saving email",
                metadata: self.clientMetadata.merging(["smtp.queued_id": "\(envelope.queuedID)"]) { $1 }
            )
            self.conclude(envelope, outcome: .timedOut, reply: .transactionTimeout)
        } else {
            self.settings.logger.warning(
                "Backend has timed out while validating a recipient",
                metadata: self.clientMetadata
            )
            self.decide(.refused(.transactionTimeout))
        }
    }

    private func log(_ error: any Error, _ message: Logger.Message, queuedID: QueuedID?) {
        var metadata = self.clientMetadata
        if let queuedID { metadata["smtp.queued_id"] = "\(queuedID)" }
        metadata["error"] = "\(PlainWords.of(error))"
        // Of an outage the log tells once.
        self.settings.logger.log(level: error is OutageError ? .debug : .error, message, metadata: metadata)
    }

    /// A processor's reply that would say something else to the client than what has become of its command.
    private func logUnfit(_ reply: SMTPReply, _ message: Logger.Message, queuedID: QueuedID?) {
        var metadata = self.clientMetadata
        if let queuedID { metadata["smtp.queued_id"] = "\(queuedID)" }
        metadata["smtp.reply"] = "\(reply.code)"
        self.settings.logger.error(message, metadata: metadata)
    }
}

extension SMTPReply {
    /// What the client reads when a backend throws. An error cannot mean success.
    fileprivate static func of(_ error: any Error) -> SMTPReply {
        (error as? any SMTPReplyConvertible)?.smtpReply.asRefusal ?? .localError
    }
}
