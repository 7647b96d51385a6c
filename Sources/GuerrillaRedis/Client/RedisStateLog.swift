import GuerrillaBackend
import Logging
import Synchronization

/// Tells of trouble with a server once, when it begins or becomes another one, and when it is over.
///
/// As long as no messages come, none has to wait: until ``begin()`` nothing is told.
final class RedisStateLog: Sendable {
    private struct Trouble {
        var error: RedisError
        var outage = Outage<String>()
        var isTold = false
    }

    private struct State {
        var isHeard: Bool
        var troubles: [RedisEndpoint: Trouble] = [:]
    }

    /// A full server may take a small message between two that it refuses: that is not the end of it.
    private static let calm: Duration = .seconds(1)

    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameter isHeard: False for a store that is not in use yet.
    init(_ logger: Logger, isHeard: Bool = true) {
        self.logger = logger
        self.state = Mutex(State(isHeard: isHeard))
    }

    /// Messages come from now on.
    func begin() {
        let untold = self.state.withLock { state in
            state.isHeard = true
            defer { for endpoint in state.troubles.keys { state.troubles[endpoint]?.isTold = true } }
            return state.troubles.filter { !$0.value.isTold }
        }
        for (endpoint, trouble) in untold { self.tell(endpoint, trouble.error) }
    }

    /// Something has failed.
    func failed(_ endpoint: RedisEndpoint, _ error: RedisError, now: ContinuousClock.Instant = .now) {
        let isToBeTold = self.state.withLock { state in
            var trouble = state.troubles[endpoint] ?? Trouble(error: error)
            trouble.error = error
            let isNews = trouble.outage.failed(error.kind, now: now)
            if state.isHeard { trouble.isTold = true }
            state.troubles[endpoint] = trouble
            return isNews && state.isHeard
        }
        if isToBeTold { self.tell(endpoint, error) }
    }

    private func tell(_ endpoint: RedisEndpoint, _ error: RedisError) {
        self.logger.error(
            "Redis does not take messages: they are answered 451 until it does",
            metadata: ["redis.server": "\(endpoint)", "error": "\(error)"]
        )
    }

    /// So many messages were not taken because of that.
    func refused(_ count: Int, by endpoint: RedisEndpoint) {
        self.state.withLock { $0.troubles[endpoint]?.outage.refused(count) }
    }

    /// There is a new connection, and the server is ready for commands.
    func connected(_ endpoint: RedisEndpoint, now: ContinuousClock.Instant = .now) {
        self.end(endpoint, now) { $0.isOfConnection || $0.isOfHandshake ? .zero : nil }
    }

    /// All messages of a pipeline were taken.
    func accepted(_ endpoint: RedisEndpoint, now: ContinuousClock.Instant = .now) {
        self.end(endpoint, now) { $0.isOfConnection ? .zero : Self.calm }
    }

    /// The server is not used any more.
    func forget(_ endpoint: RedisEndpoint) {
        _ = self.state.withLock { $0.troubles.removeValue(forKey: endpoint) }
    }

    /// - Parameter calm: How long such trouble must not have happened to be over; nil when this does not end it.
    private func end(_ endpoint: RedisEndpoint, _ now: ContinuousClock.Instant, calm: (RedisError) -> Duration?) {
        let summary = self.state.withLock { state -> Outage<String>.Summary? in
            guard var trouble = state.troubles[endpoint], let calm = calm(trouble.error) else { return nil }
            let summary = trouble.outage.worked(calm: calm, now: now)
            state.troubles[endpoint] = summary == nil ? trouble : nil
            return trouble.isTold ? summary : nil
        }
        guard let summary else { return }
        self.logger.notice(
            "Redis takes messages again",
            metadata: [
                "redis.server": "\(endpoint)", "outage.seconds": "\(summary.duration.components.seconds)",
                "outage.messages": "\(summary.refused)",
            ]
        )
    }
}

extension RedisError {
    /// Whether it is found out at the beginning of a connection already, so that a connection means it is over.
    fileprivate var isOfHandshake: Bool {
        switch self {
        case .refused(let code): ["NOAUTH", "WRONGPASS", "LOADING", "DENIED"].contains(code)
        default: false
        }
    }
}
