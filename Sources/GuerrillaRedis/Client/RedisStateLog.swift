import Logging
import Synchronization

/// Tells of trouble with a server once, when it begins or becomes another one, and when it is over.
final class RedisStateLog: Sendable {
    private struct Trouble {
        var error: RedisError
        var last: ContinuousClock.Instant
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
        let former = self.troubles.withLock { $0.updateValue(Trouble(error: error, last: now), forKey: endpoint) }
        guard former?.error.kind != error.kind else { return }
        self.logger.error(
            "Redis does not take messages: they are answered 451 until it does",
            metadata: ["redis.server": "\(endpoint)", "error": "\(error)"]
        )
    }

    /// There is a new connection, and the server is ready for commands.
    func connected(_ endpoint: RedisEndpoint) {
        self.end(endpoint) { $0.error.isOfConnection || $0.error.isOfHandshake }
    }

    /// All messages of a pipeline were taken.
    func accepted(_ endpoint: RedisEndpoint, now: ContinuousClock.Instant = .now) {
        self.end(endpoint) { $0.error.isOfConnection || $0.last + Self.calm <= now }
    }

    /// The server is not used any more.
    func forget(_ endpoint: RedisEndpoint) {
        _ = self.troubles.withLock { $0.removeValue(forKey: endpoint) }
    }

    private func end(_ endpoint: RedisEndpoint, when isOver: (Trouble) -> Bool) {
        let hasEnded = self.troubles.withLock { troubles in
            guard let trouble = troubles[endpoint], isOver(trouble) else { return false }
            troubles[endpoint] = nil
            return true
        }
        guard hasEnded else { return }
        self.logger.notice("Redis takes messages again", metadata: ["redis.server": "\(endpoint)"])
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
