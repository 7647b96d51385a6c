import GuerrillaBackend
import GuerrillaServer
import Logging
import Synchronization

/// Reads the certificates of running servers again: when it is told to, and when their files have changed.
///
/// What fits is for new connections; those that are open, and handshakes in progress, keep what they began with. What does not
/// fit changes nothing. Files are looked at and read on a thread of its own.
final class CertificateReloader: Sendable {
    /// What a server's files gave when they were read.
    struct Reading: Sendable {
        let interface: ListenInterface
        let settings: TLSSettings
        /// The files as they were just before.
        var stamps: [FileStamp?]
        let offer: TLSOffer
        /// What the operator should know.
        var warnings: [String]
    }

    /// Reads the files of a server: the offer, and what the operator should know.
    typealias Load =
        @Sendable (TLSSettings, ListenInterface) throws(DaemonError) -> (offer: TLSOffer, warnings: [String])

    /// Which server is looked after.
    struct Watch: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Watched {
        let watch: Watch
        let interface: ListenInterface
        let settings: TLSSettings
        /// Gives the server another offer, for new connections.
        let adopt: @Sendable (TLSOffer) -> Void
        /// Told when that has happened.
        let replaced: @Sendable () -> Void
        /// The files as they were when they were last read, usable or not, and when that was.
        var read: [FileStamp?]
        var readAt: ContinuousClock.Instant
        /// The files as they were when they were last looked at.
        var seen: [FileStamp?]
        /// What has been said about the files.
        var warnings: [String]
        /// Why they could not be used; nil if they are in use.
        var failure: String?

        /// The files as they are now.
        var stamps: [FileStamp?] { self.settings.files.map { FileStamp(path: $0) } }
    }

    /// How long the files have to stay as they are before they are read: key and chain are replaced one after the other.
    private static let settling = Duration.seconds(1)
    /// How often files that nobody changes are read again, to see what time has done to them.
    private static let rereading = Duration.seconds(86_400)

    private let logger: Logger
    private let load: Load
    private struct State {
        var watched: [Watched] = []
        var lastNumber: UInt64 = 0
        /// Whose files were replaced and who has not been told yet.
        var untold: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    private let executor = BlockingThreadExecutor()

    init(logger: Logger, load: @escaping Load = TLSOffer.make) {
        self.logger = logger
        self.load = load
    }

    /// Reads the files of a server that is to start.
    func read(_ settings: TLSSettings, for interface: ListenInterface) throws(DaemonError) -> Reading {
        let stamps = settings.files.map { FileStamp(path: $0) }
        let (offer, warnings) = try self.load(settings, interface)
        self.say(warnings, of: interface)
        return Reading(interface: interface, settings: settings, stamps: stamps, offer: offer, warnings: warnings)
    }

    /// From now on looks after a server that has begun with these files.
    /// - Parameters:
    ///   - replaced: Told after the server got another offer.
    ///   - adopt: Gives the server another offer, for new connections. It must not call the reloader.
    @discardableResult
    func watch(
        _ reading: Reading,
        replaced: @escaping @Sendable () -> Void = {},
        adopt: @escaping @Sendable (TLSOffer) -> Void
    ) -> Watch {
        self.state.withLock { state in
            state.lastNumber += 1
            let watch = Watch(number: state.lastNumber)
            state.watched.append(
                Watched(
                    watch: watch,
                    interface: reading.interface,
                    settings: reading.settings,
                    adopt: adopt,
                    replaced: replaced,
                    read: reading.stamps,
                    readAt: .now,
                    seen: reading.stamps,
                    warnings: reading.warnings
                )
            )
            return watch
        }
    }

    /// Looks after a server no longer.
    func forget(_ watch: Watch) {
        self.state.withLock { $0.watched.removeAll { $0.watch == watch } }
    }

    /// Reads files again, changed or not.
    /// - Parameter fresh: Servers whose files have just been read.
    /// - Returns: Whether all of them are in use now.
    func reload(except fresh: Set<Watch> = []) async -> Bool {
        await Task(executorPreference: self.executor) {
            self.update { state in
                var isComplete = true
                for index in state.watched.indices where !fresh.contains(state.watched[index].watch) {
                    state.watched[index].failure = nil
                    state.watched[index].warnings = []
                    self.replace(index, in: &state, stamps: state.watched[index].stamps)
                    isComplete = isComplete && state.watched[index].failure == nil
                }
                return isComplete
            }
        }.value
    }

    /// Changes the state, and tells of what was replaced once nothing is locked any more.
    private func update(_ body: (inout State) -> Bool) -> Bool {
        let (result, untold) = self.state.withLock { state in
            let result = body(&state)
            defer { state.untold = [] }
            return (result, state.untold)
        }
        for replaced in untold { replaced() }
        return result
    }

    /// Looks at the files from now on, until the task is cancelled.
    func start(every interval: Duration) -> Task<Void, Never> {
        Task(executorPreference: self.executor) {
            var pause = interval
            while (try? await Task.sleep(for: pause)) != nil {
                pause = self.check() ? min(interval, Self.settling) : interval
            }
        }
    }

    /// Looks at the files, and reads them if they have changed and stay as they are.
    ///
    /// - Returns: Whether something is changing, and is to be looked at again soon.
    func check(at now: ContinuousClock.Instant = .now) -> Bool {
        self.update { state in
            var isChanging = false
            for index in state.watched.indices {
                let watched = state.watched[index]
                let stamps = watched.stamps
                if stamps != watched.seen {
                    state.watched[index].seen = stamps
                    isChanging = true
                } else if stamps != watched.read || watched.failure != nil {
                    self.replace(index, in: &state, stamps: stamps, at: now)
                } else if now - watched.readAt >= Self.rereading {
                    self.warnOfAge(&state.watched[index], at: now)
                }
            }
            return isChanging
        }
    }

    /// Reads the files of a server and puts them in force. A failure that has been told of is not told again.
    private func replace(
        _ index: Int,
        in state: inout State,
        stamps: [FileStamp?],
        at now: ContinuousClock.Instant = .now
    ) {
        var watched = state.watched[index]
        defer { state.watched[index] = watched }
        // As they were before: what changes while they are read is a change.
        watched.seen = stamps
        watched.read = stamps
        watched.readAt = now
        do throws(DaemonError) {
            let (offer, warnings) = try self.load(watched.settings, watched.interface)
            watched.adopt(offer)
            watched.failure = nil
            state.untold.append(watched.replaced)
            self.logger.info("TLS certificates loaded", metadata: ["server": "\(watched.interface)"])
            self.warn(warnings, &watched)
        } catch {
            guard error.description != watched.failure else { return }
            watched.failure = error.description
            self.logger.error(
                "TLS certificates not replaced: new connections get the old ones",
                metadata: ["server": "\(watched.interface)", "reason": "\(error)"]
            )
        }
    }

    /// A certificate that nobody renews is told of before it is useless, however long the daemon runs.
    private func warnOfAge(_ watched: inout Watched, at now: ContinuousClock.Instant) {
        watched.readAt = now
        guard let (_, warnings) = try? self.load(watched.settings, watched.interface) else { return }
        self.warn(warnings, &watched)
    }

    /// Says what has not been said.
    private func warn(_ warnings: [String], _ watched: inout Watched) {
        self.say(warnings.filter { !watched.warnings.contains($0) }, of: watched.interface)
        watched.warnings = warnings
    }

    private func say(_ warnings: [String], of interface: ListenInterface) {
        for warning in warnings { self.logger.warning("server [\(interface)]: \(warning)") }
    }
}
