import GuerrillaSMTP
import NIOCore

/// The clocks of one connection.
///
/// There is one timer. It is armed for the nearest deadline and left alone when the deadline moves away: when it fires
/// early it looks and is armed again. The peer's clocks stand still while a verdict of ours is pending.
struct Deadlines {
    enum Expired {
        /// Our own verdict is late.
        case verdict
        /// The peer was silent for too long.
        case peer
        /// The octets of a message arrive too slowly.
        case dataRate
        /// The session has lasted for too long.
        case session
    }

    /// How long octets are read and dropped after a last reply.
    private static let lingering = TimeAmount.seconds(2)

    private let commandTimeout: TimeAmount
    private let dataTimeout: TimeAmount
    private let messageTimeout: TimeAmount
    private let sessionEnd: NIODeadline

    /// The time of the present burst: within it the clock is read once. (1 % of a pipelined message's time)
    private var now: NIODeadline
    private var deadline: NIODeadline
    /// The message that is arriving, and when its time is over.
    private var message: Int?
    private var messageEnd = NIODeadline.distantFuture
    private var dataRate: DataRate
    private var timer: NIOScheduledCallback?
    private var timerDeadline = NIODeadline.distantFuture

    init(settings: ServerSettings, now: NIODeadline = .now()) {
        self.commandTimeout = TimeAmount(settings.connection.commandTimeout)
        self.dataTimeout = TimeAmount(settings.connection.dataTimeout)
        self.messageTimeout = TimeAmount(settings.connection.messageTimeout)
        self.now = now
        self.sessionEnd = now + TimeAmount(settings.connection.sessionTimeout)
        self.deadline = now + self.commandTimeout
        self.dataRate = DataRate(
            minimum: settings.connection.minimumDataRate,
            window: settings.connection.dataRateWindow
        )
    }

    // MARK: What moves the deadline

    /// Something has happened from outside: what follows happens at this time.
    mutating func burstBegan(at now: NIODeadline = .now()) {
        self.now = now
    }

    /// The timer is for us now: when it fires, the client is greeted.
    mutating func beginGreetingDelay(_ delay: Duration) {
        self.deadline = self.now + TimeAmount(delay)
    }

    /// A reply was put into the output: the peer's time for the next command begins.
    mutating func replySent() {
        self.deadline = self.now + self.commandTimeout
    }

    mutating func octetsArrived(_ count: Int) {
        // Also those of a BDAT line, whose chunk may come with it.
        self.dataRate.octetsArrived(count)
    }

    /// The octets of a burst are used: within a message each counts as a sign of life, within a command line none does.
    ///
    /// - Parameter message: Tells one message from the next, and the time between chunks from that between messages: there
    ///   `message_timeout` and `min_data_rate` hold too, or whoever sends chunks of one octet would dodge them.
    mutating func sessionAdvanced(waitingFor: SMTPWait, message: Int?) {
        if message != self.message {
            self.message = message
            if message == nil {
                self.messageEnd = .distantFuture
                self.dataRate.end()
            } else {
                self.messageEnd = self.now + self.messageTimeout
                self.dataRate.begin(at: self.now)
            }
        }
        if waitingFor == .data { self.deadline = self.now + self.dataTimeout }
    }

    mutating func verdictPending(for timeout: Duration) {
        self.deadline = self.now + TimeAmount(timeout)
    }

    mutating func beginLingering() {
        self.deadline = self.now + Self.lingering
    }

    // MARK: The timer

    private func nearest(waitingFor: SMTPWait) -> NIODeadline {
        switch waitingFor {
        case .command, .data: min(self.deadline, self.messageEnd, self.sessionEnd, self.dataRate.windowEnd)
        case .verdict, .nothing: self.deadline
        }
    }

    /// What has expired by now, if anything.
    mutating func expired(waitingFor: SMTPWait) -> Expired? {
        switch waitingFor {
        case .command, .data:
            if self.dataRate.isTooSlow(at: self.now) { return .dataRate }
            let peerEnd = min(self.deadline, self.messageEnd)
            guard min(peerEnd, self.sessionEnd) <= self.now else { return nil }
            return peerEnd <= self.sessionEnd ? .peer : .session
        case .verdict:
            return self.deadline <= self.now ? .verdict : nil
        case .nothing:
            return self.deadline <= self.now ? .peer : nil
        }
    }

    /// Makes sure that the timer fires no later than the nearest deadline.
    mutating func rearm(for handler: SMTPServerHandler, on eventLoop: any EventLoop) {
        let nearest = self.nearest(waitingFor: handler.session.waitingFor)
        guard nearest < self.timerDeadline else { return }
        self.timer?.cancel()
        self.timerDeadline = nearest
        self.timer = try? eventLoop.scheduleCallback(
            at: nearest,
            handler: ConnectionTimer(handler: NIOLoopBound(handler, eventLoop: eventLoop))
        )
    }

    mutating func timerFired() {
        self.timer = nil
        self.timerDeadline = .distantFuture
    }

    mutating func cancelTimer() {
        self.timer?.cancel()
        self.timerFired()
    }
}

private struct ConnectionTimer: NIOScheduledCallbackHandler, Sendable {
    let handler: NIOLoopBound<SMTPServerHandler>

    func handleScheduledCallback(eventLoop: some EventLoop) {
        self.handler.value.timerFired()
    }
}
