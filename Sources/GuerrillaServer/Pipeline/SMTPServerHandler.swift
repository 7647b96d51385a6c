import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import Logging
import NIOCore
import NIOTLS

/// Carries octets between a channel and its ``SMTPSession``, and questions between the session and the backend.
///
/// The only type that knows both protocol and backend, and thin: what the protocol says is decided by the session, so
/// there are no protocol facts here. Replies of a read burst leave in one write, in `channelReadComplete`. (31 → 18 µs
/// per pipelined message)
final class SMTPServerHandler: ChannelDuplexHandler, ConnectionHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// What becomes of the connection itself.
    enum Phase {
        /// The client has to be silent until it is greeted.
        case ungreeted
        case open
        /// A last reply has to go out, then the channel closes.
        case closing(lingers: Bool)
        /// The last reply is out and our side is shut. Closing with octets unread would reset the connection and might
        /// take the reply away from the peer, so they are read and dropped: for a moment, and so many at most.
        case lingering(octetsLeft: Int)
        case closed
    }

    /// Replies are written before the end of a burst when so many octets have come together.
    private static let outputBurst = 16_384
    /// What may wait to be used without being charged to the memory budget: a command line, or a message of a pipeline.
    private static let unchargedInput = 4_096
    /// What is read and dropped after a last reply.
    private static let maximumLingeringOctets = 1_048_576

    /// Clients beyond `max_clients` that may shake hands to be told so.
    private static let refusedHandshakes = 10

    let server: SMTPServer
    private let snapshot: SettingsSnapshot
    let loop: LoopResources
    private let clientCount: Int

    var session: SMTPSession
    private(set) var phase = Phase.ungreeted
    /// Octets that the session has not used yet.
    private var pending = ByteBuffer()
    /// Charges `pending` to the memory budget when it is more than the connection's own share.
    private var pendingMemory: MemoryReservation?
    /// Replies that have not been written yet.
    private var output = ByteBuffer()
    private var isProcessing = false
    private var isReadHeld = false
    /// The peer does not take our replies: nothing of it is executed or read until it does.
    private var isOutputBlocked = false
    private var hasPeerFinished = false
    private(set) var context: ChannelHandlerContext?

    /// What the limits per address count this connection under.
    var limitedGroup: ClientLimiter.Group?
    var deadlines: Deadlines
    var verdicts = PendingVerdict()
    /// The message whose verdict is pending, for the log if it does not come in time.
    var messageInHand: MessageInHand?

    init(
        server: SMTPServer,
        connection: AcceptedConnection,
        eventLoop: any EventLoop
    ) {
        self.server = server
        self.snapshot = connection.snapshot
        self.loop = server.resources.resources(of: eventLoop)
        self.clientCount = connection.clientCount
        self.session = SMTPSession(
            client: connection.client,
            limits: connection.settings.limits,
            memory: self.loop.memory,
            tls: connection.tls,
            xclient: connection.xclient
        )
        self.deadlines = Deadlines(settings: connection.settings)
    }

    var settings: ServerSettings { self.snapshot.settings }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // Added late, once something in front has found out who the client is.
        if context.channel.isActive { self.begin(context: context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.releaseAddress()
        self.server.connectionClosed(self, on: context.eventLoop)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.begin(context: context)
        context.fireChannelActive()
    }

    /// Greets the client, now or in a while, or sends it away.
    private func begin(context: ChannelHandlerContext) {
        guard case .ungreeted = self.phase else { return }
        let refusal: SMTPReply? =
            self.clientCount > self.settings.connection.maximumClients
            ? .tooManyClients : self.clientAddressChanged(to: self.session.client.address)
        if let refusal {
            let canBeTold = self.canBeTold(refusal)
            self.session.connectionClosed()
            guard canBeTold else {
                self.log("Client sent away", refusal)
                self.server.connectionOpened(self, on: context.eventLoop)
                self.closeNow()
                return
            }
            self.end(with: refusal, lingers: false)
        } else if self.settings.connection.greetingDelay > .zero {
            self.deadlines.beginGreetingDelay(self.settings.connection.greetingDelay)
        } else {
            self.greet()
        }
        self.server.connectionOpened(self, on: context.eventLoop)
        self.writeReplies(context: context)
        self.rearm(context: context)
    }

    /// Where TLS comes first, a client has to shake hands to read why it is sent away. That costs more than to serve it, and whoever
    /// never does it would hold a place for nothing: few get the chance, and none whose address has had enough.
    private func canBeTold(_ refusal: SMTPReply) -> Bool {
        guard self.session.isTLSPending else { return true }
        return refusal == .tooManyClients
            && self.clientCount - self.settings.connection.maximumClients <= Self.refusedHandshakes
    }

    private func greet() {
        self.phase = .open
        self.settings.logger.debug(
            "Handle client [\(self.clientAddress)], id: \(self.session.client.clientNumber)",
            metadata: self.clientMetadata
        )
        self.send(
            .greeting(
                hostName: self.settings.hostName,
                version: self.settings.version,
                clientNumber: self.session.client.clientNumber,
                clientCount: self.clientCount,
                time: MailDate(unixSeconds: Int(WallClock.now() / 1_000_000)).rfc3339
            )
        )
    }

    /// A front end has told who its client is: to that one this is a new session.
    private func greetAnotherClient() {
        if let refusal = self.clientAddressChanged(to: self.session.client.address) {
            self.session.connectionClosed()
            self.end(with: refusal, lingers: true)
        } else {
            self.greet()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var octets = self.unwrapInboundIn(data)
        self.deadlines.burstBegan()
        switch self.phase {
        case .open:
            self.deadlines.octetsArrived(octets.readableBytes)
            if self.pending.readableBytes == 0 {
                self.process(&octets, context: context)
            } else {
                self.pending.writeBuffer(&octets)
                self.processPending(context: context)
            }
        case .ungreeted:
            // A client that talks before the greeting does not listen to replies either. (RFC 5321 § 3.1)
            self.session.connectionClosed()
            self.end(with: .earlyTalker, lingers: true)
        case .lingering(let octetsLeft) where octets.readableBytes > octetsLeft:
            context.close(promise: nil)
        case .lingering(let octetsLeft):
            self.phase = .lingering(octetsLeft: octetsLeft - octets.readableBytes)
        case .closing, .closed:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.writeReplies(context: context)
        self.rearm(context: context)
    }

    /// Stops reading while a verdict is pending and there is more to do already.
    ///
    /// As long as nothing waits, reading goes on: most peers are silent until our reply, and taking the socket out of
    /// the selector and putting it back would cost two system calls per message.
    func read(context: ChannelHandlerContext) {
        if self.mayRead {
            context.read()
        } else {
            self.isReadHeld = true
        }
    }

    private var mayRead: Bool {
        !self.isOutputBlocked && !(self.session.waitingFor == .verdict && self.pending.readableBytes > 0)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isOutputBlocked = !context.channel.isWritable
        if !self.isOutputBlocked { self.resume() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            self.hasPeerFinished = true
            self.closeIfPeerHasFinished(context: context)
        case TLSUserEvent.handshakeCompleted:
            self.tlsStarted()
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.logDeparture()
        self.phase = .closed
        self.session.connectionClosed()
        self.deadlines.cancelTimer()
        self.pending = ByteBuffer()
        self.pendingMemory = nil
        self.output = ByteBuffer()
        // Nobody can read the verdict any more: what has not begun to have an effect need not be done.
        self.verdicts.cancel()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if self.endHandshake("\(error)") { return }
        self.settings.logger.debug(
            "Connection failed",
            metadata: self.clientMetadata.merging(["error": "\(error)"]) { $1 }
        )
        context.close(promise: nil)
    }

    // MARK: Steps of the session

    private func processPending(context: ChannelHandlerContext) {
        guard self.pending.readableBytes > 0 || self.session.waitingFor == .command else { return }
        var input = self.pending
        self.pending = ByteBuffer()
        self.pendingMemory = nil
        self.process(&input, context: context)
    }

    private func process(_ input: inout ByteBuffer, context: ChannelHandlerContext) {
        self.isProcessing = true
        let traced = self.isTraced ? input : nil
        var before = self.session.waitingFor
        var start = input.readerIndex
        while case .open = self.phase, !self.isOutputBlocked, let action = self.session.next(&input) {
            if let traced, before == .command { self.traceCommand(in: traced, from: start, to: input.readerIndex) }
            start = input.readerIndex
            self.run(action, lingers: before == .data || input.readableBytes > 0)
            before = self.session.waitingFor
            if self.output.readableBytes >= Self.outputBurst { self.writeReplies(context: context) }
        }
        self.isProcessing = false
        self.keep(input)
        self.deadlines.sessionAdvanced(waitingFor: self.session.waitingFor, message: self.session.arrivingMessage)
    }

    /// Keeps what the session has not used. It is copied, so that the channel gets its receive buffer back.
    private func keep(_ input: ByteBuffer) {
        guard input.readableBytes > 0, case .open = self.phase else { return }
        guard input.readableBytes <= self.settings.connection.maximumPendingInput else {
            self.settings.logger.info("Too much input while a verdict was pending", metadata: self.clientMetadata)
            self.closeNow()
            return
        }
        var kept = ByteBufferAllocator().buffer(capacity: input.readableBytes)
        kept.writeImmutableBuffer(input)
        self.pending = kept
        guard kept.capacity > Self.unchargedInput else { return }
        // It has been read already. When it was too much, others are refused until it is used.
        let memory = MemoryReservation(budget: self.loop.memory.budget)
        memory.take(kept.capacity)
        self.pendingMemory = memory
    }

    func run(_ action: SMTPAction, lingers: Bool = false) {
        switch action {
        case .reply(let reply):
            self.send(reply)
        case .refuseMessage(let reply, of: let transaction):
            // It has no record of its own, as the backend never sees it.
            self.log("Message refused", reply, of: transaction, to: transaction?.recipients ?? [])
            self.send(reply)
        case .replyAndClose(let reply):
            // Whoever is sent away may still be sending: it has to be able to read why.
            self.end(with: reply, lingers: lingers || reply.code != .closing)
        case .greet:
            self.greetAnotherClient()
        case .startTLS(let reply):
            self.send(reply)
            self.startTLS()
        case .validate(let recipient):
            self.validate(recipient)
        case .deliver(let transaction):
            self.deliver(transaction)
        }
    }

    /// Sends a last reply.
    private func end(with reply: SMTPReply, lingers: Bool) {
        self.send(reply)
        self.phase = .closing(lingers: lingers)
        if !reply.isGoodbye {
            self.log(reply == .timedOut ? "Timeout: \(self.clientAddress)" : "Client sent away", reply)
        }
    }

    /// A verdict has arrived and its action is run: goes on with what has been waiting.
    func resume() {
        // Within `process` the loop there goes on by itself, and the burst's replies leave together.
        guard !self.isProcessing, let context = self.context else { return }
        self.deadlines.burstBegan()
        self.processPending(context: context)
        self.writeReplies(context: context)
        self.closeIfPeerHasFinished(context: context)
        self.rearm(context: context)
        if self.isReadHeld, self.mayRead {
            self.isReadHeld = false
            context.read()
        }
    }

    private func send(_ reply: SMTPReply) {
        self.deadlines.replySent()
        reply.write(into: &self.output)
    }

    // MARK: The connection

    func writeReplies(context: ChannelHandlerContext) {
        guard self.output.readableBytes > 0 else { return }
        if self.isTraced { self.traceReplies(self.output) }
        if case .closing = self.phase {
            self.writeLastReplies(context: context)
        } else {
            context.writeAndFlush(self.wrapOutboundOut(self.output), promise: nil)
            // Written at once as a rule, and then the same memory serves again. If not, the next reply begins with none: the
            // channel would hold a burst's memory for each reply that the peer does not take.
            self.output.clear(minimumCapacity: 0)
        }
    }

    /// The channel closes when the system has taken them.
    private func writeLastReplies(context: ChannelHandlerContext) {
        let promise = context.eventLoop.makePromise(of: Void.self)
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in handler.value.lastReplyWritten() }
        context.writeAndFlush(self.wrapOutboundOut(self.output), promise: promise)
        self.output.clear(minimumCapacity: 0)
    }

    private func lastReplyWritten() {
        guard case .closing(let lingers) = self.phase, let context = self.context else { return }
        if lingers, !self.hasPeerFinished {
            self.phase = .lingering(octetsLeft: Self.maximumLingeringOctets)
            self.deadlines.burstBegan()
            context.close(mode: .output, promise: nil)
            self.deadlines.beginLingering()
            self.rearm(context: context)
        } else {
            context.close(promise: nil)
        }
    }

    /// A peer that half-closed gets the replies it is owed: that of a pending verdict, and what it has not taken yet, with those
    /// to the commands that wait until it does.
    private func closeIfPeerHasFinished(context: ChannelHandlerContext) {
        guard self.hasPeerFinished, !self.isOutputBlocked, self.session.waitingFor != .verdict else { return }
        switch self.phase {
        case .ungreeted, .open:
            self.logDeparture()
            self.session.connectionClosed()
            self.phase = .closing(lingers: false)
            self.deadlines.burstBegan()
            self.deadlines.replySent()
            self.writeLastReplies(context: context)
            self.rearm(context: context)
        case .lingering:
            context.close(promise: nil)
        case .closing, .closed:
            break
        }
    }

    /// Lets a message in hand be finished, or says 421 at once.
    func shutDown() {
        switch self.phase {
        case .ungreeted, .open: break
        case .closing, .lingering, .closed: return
        }
        // Nothing of it is worth waiting for.
        if self.session.isTLSPending { return self.closeNow() }
        guard let context = self.context, let action = self.session.shutDown() else { return }
        self.deadlines.burstBegan()
        self.run(action)
        self.writeReplies(context: context)
        self.rearm(context: context)
    }

    func cutOff() -> Bool {
        defer { self.closeNow() }
        // It has its last reply.
        if case .lingering = self.phase { return false }
        self.logCutOff()
        self.abandonVerdict()
        return true
    }

    var owesVerdict: Bool { self.verdicts.pendingToken != nil }

    func abandonVerdict() {
        self.verdicts.abandon()
    }

    func closeNow() {
        self.context?.close(promise: nil)
    }

    // MARK: Deadlines

    private func rearm(context: ChannelHandlerContext) {
        guard case .closed = self.phase else {
            self.deadlines.rearm(for: self, on: context.eventLoop)
            return
        }
    }

    /// The timer fired. It is armed lazily, so the deadline may have moved on since.
    func timerFired() {
        guard let context = self.context else { return }
        self.deadlines.burstBegan()
        self.deadlines.timerFired()
        guard let expired = self.deadlines.expired(waitingFor: self.session.waitingFor) else {
            self.rearm(context: context)
            return
        }
        switch self.phase {
        case .ungreeted:
            self.greet()
            self.writeReplies(context: context)
            self.rearm(context: context)
        case .open:
            if self.endHandshake("time-out") { return }
            switch expired {
            case .verdict: self.verdictTimedOut()
            case .peer: self.run(self.session.timedOut(), lingers: true)
            case .dataRate: self.run(self.session.dataTooSlow(), lingers: true)
            case .session: self.run(self.session.sessionTimedOut(), lingers: true)
            }
            self.resume()
        case .closing, .lingering:
            // The peer does not even take our last reply.
            context.close(promise: nil)
        case .closed:
            break
        }
    }
}

extension SMTPReply {
    /// Whether a session ends so without anybody's fault.
    fileprivate var isGoodbye: Bool { self.code == .closing || self == .shuttingDown }
}

@available(*, unavailable)
extension SMTPServerHandler: Sendable {}
