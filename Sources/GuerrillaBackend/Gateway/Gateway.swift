package import GuerrillaMail
import Synchronization

/// Stands between the servers and the backend, so that the backend can be replaced under load.
///
/// A message or a recipient takes a lease on the backend that is current and keeps it to its verdict. A backend
/// that was replaced is shut down when its last lease comes back, or when its deadline passes.
public final class Gateway: Sendable {
    /// How long verdicts may take.
    public struct Timeouts: Sendable, Equatable {
        /// `gw_save_timeout`. The default is 30 seconds.
        public var save: Duration
        /// `gw_val_rcpt_timeout`. The default is 5 seconds.
        public var validate: Duration

        /// Creates a pair of limits.
        public init(save: Duration = .seconds(30), validate: Duration = .seconds(5)) {
            self.save = save
            self.validate = validate
        }
    }

    private struct State {
        var current: Generation?
        /// Replaced, and not shut down yet.
        var retiring: [Generation] = []
    }

    private let state = Mutex(State())

    /// A gateway without a backend: messages are answered 451 until ``start(_:timeouts:recipientCacheLifetime:drainDeadline:)``.
    public init() {}

    /// Starts a backend and puts it in the place of the present one, which goes on with the messages it has and is then shut down.
    ///
    /// - Parameters:
    ///   - backend: The new backend. If it does not start, the present one stays in place.
    ///   - timeouts: Limits for its verdicts.
    ///   - recipientCacheLifetime: How long its verdicts on recipients are remembered; 0 for not at all.
    ///   - drainDeadline: How long the former backend may go on with messages it has.
    /// - Returns: The end of the former backend, to be waited for by whoever wants to; nil when there was none.
    /// - Throws: What the backend's `start()` throws.
    @discardableResult
    public func start(
        _ backend: any Backend,
        timeouts: Timeouts = Timeouts(),
        recipientCacheLifetime: Duration = .zero,
        drainDeadline: Duration = .seconds(60)
    ) async throws -> Task<Void, Never>? {
        try await backend.start()
        return self.install(
            backend,
            timeouts: timeouts,
            recipientCacheLifetime: recipientCacheLifetime,
            drainDeadline: drainDeadline
        )
    }

    /// Puts a backend that has started in the place of the present one, as ``start(_:timeouts:recipientCacheLifetime:drainDeadline:)`` does.
    @discardableResult
    package func install(
        _ backend: any Backend,
        timeouts: Timeouts,
        recipientCacheLifetime: Duration,
        drainDeadline: Duration = .seconds(60)
    ) -> Task<Void, Never>? {
        let generation = Generation(
            backend: backend,
            timeouts: timeouts,
            recipientCache: recipientCacheLifetime > .zero ? RecipientCache(lifetime: recipientCacheLifetime) : nil
        )
        let former = self.state.withLock { state in
            defer { state.current = generation }
            if let former = state.current { state.retiring.append(former) }
            return state.current
        }
        backend.wasPutInForce()
        return former.map { former in
            Task {
                await former.retire(deadline: .now + drainDeadline)
                self.state.withLock { $0.retiring.removeAll { $0 === former } }
            }
        }
    }

    /// Takes no more messages and shuts the backend down when the last verdict is given, or at the deadline. From then on those that were
    /// replaced before have no more time than that, either.
    public func shutdown(deadline: ContinuousClock.Instant) async {
        let (former, retiring) = self.state.withLock { ($0.current.take(), $0.retiring) }
        for generation in retiring { generation.hurry(deadline: deadline) }
        await former?.retire(deadline: deadline)
    }

    /// The present backend, for one message; nil when there is none.
    package func lease() -> Lease? {
        self.state.withLock { $0.current.map(Lease.init) }
    }

    /// What there is to do about a recipient.
    package enum RecipientQuestion: Sendable {
        /// There is no backend to ask.
        case noBackend
        /// The backend takes every recipient, so there is nothing to hold on to either.
        case needless
        /// The backend has been asked before.
        case answered(RecipientVerdict)
        case ask(Lease)
    }

    /// The present backend, for one recipient. Where nothing validates recipients this costs a lock and no lease.
    package func recipientQuestion(_ recipient: Recipient) -> RecipientQuestion {
        self.state.withLock { state in
            guard let generation = state.current else { return .noBackend }
            guard generation.validatesRecipients else { return .needless }
            if let verdict = generation.rememberedVerdict(on: recipient) { return .answered(verdict) }
            return .ask(Lease(generation))
        }
    }

    /// Holds a backend from a question to its verdict.
    package final class Lease: Sendable {
        private let generation: Generation

        fileprivate init(_ generation: Generation) {
            self.generation = generation
            generation.leaseTaken()
        }

        deinit {
            self.generation.leaseReturned()
        }

        package var backend: any Backend { self.generation.backend }
        package var timeouts: Timeouts { self.generation.timeouts }

        /// Asks the backend about a recipient and keeps what it says as long as `rcpt_cache_seconds` has it.
        package func validate(
            _ recipient: Recipient,
            in envelope: borrowing Envelope
        ) async throws -> RecipientVerdict {
            let verdict = try await self.generation.backend.validate(recipient, in: envelope)
            self.generation.remember(verdict, on: recipient)
            return verdict
        }
    }
}

/// A backend with the number of verdicts it still owes.
private final class Generation: Sendable {
    private struct State {
        var leases = 0
        /// Waits for the last lease.
        var waiter: CheckedContinuation<Void, Never>?
        /// When nobody waits any longer; nil until it was replaced.
        var deadline: ContinuousClock.Instant?
        var hasPassed = false
        var timers: [Task<Void, any Error>] = []
    }

    let backend: any Backend
    let validatesRecipients: Bool
    let timeouts: Gateway.Timeouts
    private let state = Mutex(State())
    private let recipientCache: Mutex<RecipientCache?>

    init(backend: any Backend, timeouts: Gateway.Timeouts, recipientCache: RecipientCache?) {
        self.backend = backend
        self.validatesRecipients = backend.validatesRecipients
        self.timeouts = timeouts
        self.recipientCache = Mutex(recipientCache)
    }

    func rememberedVerdict(on recipient: Recipient) -> RecipientVerdict? {
        self.recipientCache.withLock { $0?.verdict(on: recipient, now: .now) }
    }

    func remember(_ verdict: RecipientVerdict, on recipient: Recipient) {
        self.recipientCache.withLock { $0?.remember(verdict, on: recipient, now: .now) }
    }

    func leaseTaken() {
        self.state.withLock { $0.leases += 1 }
    }

    func leaseReturned() {
        let waiter = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.leases -= 1
            return state.leases == 0 ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    /// Shuts the backend down when its last lease comes back, or at the deadline.
    func retire(deadline: ContinuousClock.Instant) async {
        self.hurry(deadline: deadline)
        await withCheckedContinuation { continuation in
            let mustWait = self.state.withLock { state in
                let mustWait = state.leases > 0 && !state.hasPassed
                if mustWait { state.waiter = continuation }
                return mustWait
            }
            if !mustWait { continuation.resume() }
        }
        let (earliest, timers) = self.state.withLock { ($0.deadline, $0.timers) }
        for timer in timers { timer.cancel() }
        await self.backend.shutdown(deadline: earliest ?? deadline)
    }

    /// Waits for leases no longer than until then.
    func hurry(deadline: ContinuousClock.Instant) {
        self.state.withLock { state in
            if let earlier = state.deadline, earlier <= deadline { return }
            state.deadline = deadline
            state.timers.append(
                Task {
                    try await Task.sleep(until: deadline, clock: .continuous)
                    self.giveUpWaiting()
                }
            )
        }
    }

    private func giveUpWaiting() {
        let waiter = self.state.withLock { state in
            state.hasPassed = true
            return state.waiter.take()
        }
        waiter?.resume()
    }
}
