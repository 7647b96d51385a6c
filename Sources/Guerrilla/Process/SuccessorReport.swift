#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the new process says on the pipe of its ``Handover``: one line, then the pipe is closed.
package enum SuccessorReport: Sendable, Equatable, LosslessStringConvertible {
    /// It serves.
    case ready
    /// It does not, for this reason.
    case failed(String)

    package init?(_ description: String) {
        if description == "ready" {
            self = .ready
        } else if description.hasPrefix(Self.failure) {
            self = .failed(String(description.dropFirst(Self.failure.count)))
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .ready: "ready"
        case .failed(let reason): Self.failure + String(reason.map { $0.isNewline ? " " : $0 })
        }
    }

    /// Says it. A predecessor that has gone is no reason to fail.
    package func send(to descriptor: CInt) {
        // It would be a signal that ends us.
        signal(SIGPIPE, SIG_IGN)
        let octets = Array("\(self)\n".utf8)
        _ = write(descriptor, octets, min(octets.count, Self.maximumLength))
        close(descriptor)
    }

    private static let failure = "failed: "
    /// In octets: what a pipe takes in one piece.
    static let maximumLength = 4_096
}
