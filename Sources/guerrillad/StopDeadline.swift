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
/// does not come up, a log that is a pipe without a reader, a disk that does not answer, tasks that get no thread to run on.
///
/// It has a thread of its own from the start: any other thread, and the daemon, may be what hangs.
final class StopDeadline: Sendable {
    private struct State {
        var timeout: Duration
        var logger: Logger?
        var isArmed = false
        var hasBegun = false
    }

    /// What closing everything may take once `shutdown_timeout` is over.
    private static let closing = Duration.seconds(5)
    /// How long the daemon may take to begin with its end where no thread can be had.
    private static let patience = Duration.seconds(5)

    private let state: Mutex<State>
    private let signal = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - timeout: `shutdown_timeout` at the start.
    ///   - daemon: Tells of another one after a reload.
    /// - Returns: Nil when there is no thread for it.
    init?(_ timeout: Duration, of daemon: Daemon) {
        self.state = Mutex(State(timeout: timeout))
        guard SystemThread.start({ self.watch() }) else { return nil }
        _ = daemon.subscribe(to: .newConfig) { event in
            guard case .newConfig(let configuration) = event else { return }
            self.state.withLock { $0.timeout = configuration.shutdownTimeout }
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
        let isFirst = self.state.withLock { state in
            defer { state.isArmed = true }
            return !state.isArmed
        }
        if isFirst { self.signal.signal() }
    }

    /// The daemon has begun with its end.
    func begun() {
        self.state.withLock { $0.hasBegun = true }
        self.arm()
    }

    private func watch() {
        self.signal.wait()
        let start = ContinuousClock.now
        let end = start + self.state.withLock { $0.timeout } + Self.closing
        while ContinuousClock.now < end {
            // Nobody signals any more.
            _ = self.signal.wait(timeout: .now() + .milliseconds(500))
            guard !self.state.withLock({ $0.hasBegun }), ContinuousClock.now > start + Self.patience else { continue }
            if SpareThreads(1) == nil { self.end("there is no thread to stop on: the process ends at once") }
        }
        self.end("something hangs, and shutdown_timeout is over: the process ends without it")
    }

    private func end(_ sentence: String) -> Never {
        // The log has a thread of its own.
        self.state.withLock { $0.logger }?.critical("guerrillad \(sentence)")
        Terminal.lastWord("guerrillad: \(sentence)")
        usleep(500_000)
        _exit(1)
    }
}
#endif
