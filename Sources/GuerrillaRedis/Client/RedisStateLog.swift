import GuerrillaBackend
import Logging
import Synchronization

/// Tells of trouble with a server once, when it begins or becomes another one, and when it is over.
final class RedisStateLog: Sendable {
    private struct Trouble {
        var error: RedisError
        var outage = Outage<String>()
    }

    /// A full server may take a small message between two that it refuses: that is not the end of it.
    private static let calm: Duration = .seconds(1)

    private let logger: Logger
    private let troubles = Mutex<[RedisEndpoint: Trouble]>([:])

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// Something has failed.
    func failed(_ endpoint: RedisEndpoint, _ error: RedisError, now: ContinuousClock.Instant = .now) {
        let isToBeTold = self.troubles.withLock { troubles in
            troubles[endpoint, default: Trouble(error: error)].error = error
            return troubles[endpoint]?.outage.failed(error.kind, now: now) ?? false
        }
        guard isToBeTold else { return }
        self.logger.error(
            "Redis does not take messages: they are answered 451 until it does",
            metadata: ["redis.server": "\(endpoint)", "error": "\(error)"]
        )
    }

    /// So many messages were not taken because of that.
    func refused(_ count: Int, by endpoint: RedisEndpoint) {
        self.troubles.withLock { $0[endpoint]?.outage.refused(count) }
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
        _ = self.troubles.withLock { $0.removeValue(forKey: endpoint) }
    }

    /// - Parameter calm: How long such trouble must not have happened to be over; nil when this does not end it.
    private func end(_ endpoint: RedisEndpoint, _ now: ContinuousClock.Instant, calm: (RedisError) -> Duration?) {
        let summary = self.troubles.withLock { troubles -> Outage<String>.Summary? in
            guard let error = troubles[endpoint]?.error, let calm = calm(error) else { return nil }
            let summary = troubles[endpoint]?.outage.worked(calm: calm, now: now)
            if summary != nil { troubles[endpoint] = nil }
            return summary
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
