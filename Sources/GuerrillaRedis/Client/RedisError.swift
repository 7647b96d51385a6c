package import GuerrillaSMTP

/// Why something is not in Redis, or not known to be.
package enum RedisError: Error, Hashable, CustomStringConvertible, SMTPReplyConvertible {
    /// No connection could be made; why.
    case unreachable(String)
    /// There was no answer in time.
    case timedOut
    /// The connection has ended; why, if that is known. What was on its way may be stored or not.
    case connectionLost(String)
    /// The server has answered with an error of this code: `OOM`, `READONLY`, `NOAUTH`.
    case refused(code: String)
    /// Fewer replicas than asked for have said in time that they have it.
    case notReplicated
    /// The server has sent what is no answer.
    case malformedReply(String)
    /// The keys of a cluster are being moved about for longer than we wait.
    case movedTooOften
    /// Messages came before `start()` or after `shutdown()`.
    case notOpen

    /// One line for the log; no password.
    package var description: String {
        switch self {
        case .unreachable(let reason): "no connection: \(reason)"
        case .timedOut: "no answer in time"
        case .connectionLost(let reason):
            reason.isEmpty ? "the connection has ended" : "the connection has ended: \(reason)"
        case .refused(let code): "the server answers \(code)"
        case .notReplicated: "too few replicas have the messages in time"
        case .malformedReply(let reason): "an answer that cannot be understood: \(reason)"
        case .movedTooOften: "the key is being moved between servers"
        case .notOpen: "the store is not open"
        }
    }

    /// The same for all messages, whatever the details: one change of it is one line in the log.
    var kind: String {
        switch self {
        case .unreachable: "unreachable"
        case .timedOut: "timed out"
        case .connectionLost: "lost"
        case .refused(let code): code
        case .notReplicated: "not replicated"
        case .malformedReply: "malformed"
        case .movedTooOften: "moved"
        case .notOpen: "not open"
        }
    }

    /// Whether a new connection ends this trouble.
    var isOfConnection: Bool {
        switch self {
        case .unreachable, .timedOut, .connectionLost, .malformedReply: true
        case .refused, .notReplicated, .movedTooOften, .notOpen: false
        }
    }

    /// 451 4.3.0
    package var smtpReply: SMTPReply { .localError }
}
