#if CommandLine
import Dispatch
import Guerrilla
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A signal that commands react to.
enum ProcessSignal: Sendable, CaseIterable {
    case terminate, interrupt, quit, hangUp, user1, user2

    /// Whether it asks for the end of the process.
    var isEnd: Bool {
        switch self {
        case .terminate, .interrupt, .quit: true
        case .hangUp, .user1, .user2: false
        }
    }

    fileprivate var number: CInt {
        switch self {
        case .terminate: SIGTERM
        case .interrupt: SIGINT
        case .quit: SIGQUIT
        case .hangUp: SIGHUP
        case .user1: SIGUSR1
        case .user2: SIGUSR2
        }
    }
}

/// A thread that tells tasks of signals. To wake a task may take a thread that cannot be had, and then takes for ever.
final class SignalTeller: Sendable {
    private let signals = Mutex<[ProcessSignal]>([])
    private let isThereOne = DispatchSemaphore(value: 0)

    /// - Parameter body: Runs on the thread.
    /// - Returns: Nil when there is no thread.
    init?(_ body: @escaping @Sendable (ProcessSignal) -> Void) {
        let isStarted = SystemThread.start {
            while true {
                self.isThereOne.wait()
                if let signal = self.signals.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { body(signal) }
            }
        }
        guard isStarted else { return nil }
    }

    /// Never blocks.
    func tell(_ signal: ProcessSignal) {
        self.signals.withLock { $0.append(signal) }
        self.isThereOne.signal()
    }
}

/// The main thread of the program: it takes the signals, and does nothing else. So a signal needs no thread that would have to be started
/// first, which may be impossible just then.
enum SignalThread {
    /// What reacts to which signals. A signal that nothing reacts to does what it does by itself.
    private static let reaction = Mutex<(signals: Set<ProcessSignal>, body: @Sendable (ProcessSignal) -> Void)>(
        ([], { _ in })
    )

    /// Keeps the signals for ``run()``: to be called before there is another thread.
    static func block() {
        var signals = Self.all
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Reacts to signals from now on.
    /// - Parameter body: Runs on the main thread. As long as it does, no other signal is taken.
    static func react(to signals: Set<ProcessSignal>, _ body: @escaping @Sendable (ProcessSignal) -> Void) {
        self.reaction.withLock { $0 = (signals, body) }
    }

    /// Takes signals for ever.
    static func run() -> Never {
        var signals = Self.all
        while true {
            var number: CInt = 0
            guard sigwait(&signals, &number) == 0,
                let signal = ProcessSignal.allCases.first(where: { $0.number == number })
            else { continue }
            let reaction = self.reaction.withLock { $0 }
            if reaction.signals.contains(signal) { reaction.body(signal) } else { Self.passOn(number) }
        }
    }

    /// Lets a signal do what it does without us: mostly, end the process.
    private static func passOn(_ number: CInt) {
        var one = sigset_t()
        sigemptyset(&one)
        sigaddset(&one, number)
        kill(getpid(), number)
        // All other threads block it.
        pthread_sigmask(SIG_UNBLOCK, &one, nil)
        pthread_sigmask(SIG_BLOCK, &one, nil)
    }

    private static var all: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in ProcessSignal.allCases { sigaddset(&signals, signal.number) }
        return signals
    }
}
#endif
