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
    private var waitingFor = SMTPWait.command
    private var deadline: NIODeadline
    private var messageNumber = 0
    private var messageEnd = NIODeadline.distantFuture
    private var dataRate: DataRate
    private var timer: NIOScheduledCallback?
    private var timerDeadline = NIODeadline.distantFuture

    init(settings: ServerSettings) {
        let now = NIODeadline.now()
        self.commandTimeout = TimeAmount(settings.commandTimeout)
        self.dataTimeout = TimeAmount(settings.dataTimeout)
        self.messageTimeout = TimeAmount(settings.messageTimeout)
        self.now = now
        self.sessionEnd = now + TimeAmount(settings.sessionTimeout)
        self.deadline = now + self.commandTimeout
        self.dataRate = DataRate(minimum: settings.minimumDataRate, window: settings.dataRateWindow)
    }

    // MARK: What moves the deadline

    /// Something has happened from outside: what follows happens at this time.
    mutating func burstBegan() {
        self.now = .now()
    }

    /// The timer is for us now: when it fires, the client is greeted.
    mutating func beginGreetingDelay(_ delay: Duration) {
        self.deadline = self.now + TimeAmount(delay)
    }

    /// A reply was put into the output: the peer's time for the next command begins.
    mutating func replySent() {
        self.deadline = self.now + self.commandTimeout
    }

    /// Within a message every octet counts as a sign of life; within a command line none does.
    mutating func octetsArrived(_ count: Int, waitingFor: SMTPWait) {
        // Also those of a BDAT line, whose chunk may come with it.
        self.dataRate.octetsArrived(count)
        if waitingFor == .data { self.deadline = min(self.now + self.dataTimeout, self.messageEnd) }
    }

    /// - Parameter messageNumber: Tells the next chunk of a message from the beginning of another one.
    mutating func sessionAdvanced(waitingFor: SMTPWait, messageNumber: Int) {
        if waitingFor == .data {
            if messageNumber != self.messageNumber {
                self.messageNumber = messageNumber
                self.messageEnd = self.now + self.messageTimeout
                self.dataRate.begin(at: self.now)
                self.deadline = min(self.now + self.dataTimeout, self.messageEnd)
            } else if self.waitingFor != .data {
                self.dataRate.goOn(at: self.now)
                self.deadline = min(self.now + self.dataTimeout, self.messageEnd)
            }
        }
        self.waitingFor = waitingFor
    }

    mutating func verdictPending(for timeout: Duration) {
        self.deadline = self.now + TimeAmount(timeout)
    }

    mutating func beginLingering() {
        self.waitingFor = .nothing
        self.deadline = self.now + Self.lingering
    }

    // MARK: The timer

    private func nearest(waitingFor: SMTPWait) -> NIODeadline {
        switch waitingFor {
        case .command: min(self.deadline, self.sessionEnd)
        case .data: min(self.deadline, self.sessionEnd, self.dataRate.windowEnd)
        case .verdict, .nothing: self.deadline
        }
    }

    /// What has expired by now, if anything.
    mutating func expired(waitingFor: SMTPWait) -> Expired? {
        if waitingFor == .data, self.dataRate.isTooSlow(at: self.now) { return .dataRate }
        guard self.nearest(waitingFor: waitingFor) <= self.now else { return nil }
        switch waitingFor {
        case .verdict: return .verdict
        case .command, .data: return self.deadline <= self.sessionEnd ? .peer : .session
        case .nothing: return .peer
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
