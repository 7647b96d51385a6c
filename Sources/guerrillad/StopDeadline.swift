#if CommandLine
import Dispatch
import Guerrilla
import Logging
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Ends the process when it has not ended by itself some time after it was asked to, whatever it is that hangs: a backend that
/// does not come up, a log that is a pipe without a reader, a disk that does not answer.
///
/// It looks for the signals itself, on a queue of its own: any other thread, and the daemon, may be what hangs.
final class StopDeadline: Sendable {
    private struct State {
        var timeout: Duration
        var logger: Logger?
        var isArmed = false
    }

    /// What closing everything may take once `shutdown_timeout` is over.
    private static let closing = Duration.seconds(5)

    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "guerrillad.stop")

    /// - Parameters:
    ///   - timeout: `shutdown_timeout` at the start.
    ///   - daemon: Tells of another one after a reload.
    init(_ timeout: Duration, of daemon: Daemon) {
        self.state = Mutex(State(timeout: timeout))
        _ = daemon.subscribe(to: .newConfig) { event in
            guard case .newConfig(let configuration) = event else { return }
            self.state.withLock { $0.timeout = configuration.shutdownTimeout }
        }
        for number in [SIGTERM, SIGINT, SIGQUIT] {
            #if canImport(Darwin)
            // Elsewhere that would take the signals away from Dispatch.
            signal(number, SIG_IGN)
            #endif
            let source = DispatchSource.makeSignalSource(signal: number, queue: self.queue)
            // Keeps the source: it is wanted as long as there is a process.
            source.setEventHandler { withExtendedLifetime(source) { self.arm() } }
            source.resume()
        }
    }

    /// Lets the daemon's log be told, too, from now on.
    func log(to logger: Logger) {
        self.state.withLock { $0.logger = logger }
    }

    /// Whether the process is to end.
    var isArmed: Bool { self.state.withLock { $0.isArmed } }

    /// From now on the process has to come to its end by itself.
    func arm() {
        let timeout = self.state.withLock { state -> Duration? in
            defer { state.isArmed = true }
            return state.isArmed ? nil : state.timeout + Self.closing
        }
        guard let timeout else { return }
        self.queue.asyncAfter(deadline: .now() + timeout / .seconds(1)) { self.end() }
    }

    private func end() {
        // The log has a thread of its own. First: whatever is told below may hang as well.
        self.queue.asyncAfter(deadline: .now() + 1) { _exit(1) }
        let sentence = "something hangs, and shutdown_timeout is over: the process ends without it"
        let logger = self.state.withLock { $0.logger }
        DispatchQueue.global().async {
            logger?.critical("guerrillad \(sentence)")
            Terminal.note("guerrillad: \(sentence)")
        }
    }
}
#endif
