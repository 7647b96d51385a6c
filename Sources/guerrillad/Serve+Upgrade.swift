#if CommandLine
import Foundation
import Guerrilla
import GuerrillaServer
import Logging
import Synchronization

/// What a running daemon reacts to.
enum ServeEvent: Sendable, Equatable {
    case signal(ProcessSignal)
    /// The configuration file is another one than what was read last. Told again until it is read.
    case fileHasChanged
    /// The new process serves, and this one has only to finish.
    case replaced
}

/// SIGUSR2: a new process of this program, maybe of a newer version, takes the listening sockets over.
final class Upgrade: Sendable {
    private let executable: String?
    private let environment: [String: String]
    private let manager: ServiceManager
    private let continuation: AsyncStream<ServeEvent>.Continuation
    private let current = Mutex<Task<Void, Never>?>(nil)
    private let successor = Mutex<Successor?>(nil)

    /// Signals, and what becomes of upgrades.
    let events: AsyncStream<ServeEvent>

    /// How long the new process may take until it serves.
    private static let timeout = Duration.seconds(60)

    /// To be made at the start, as long as the program is where it was started from.
    init(environment: [String: String], manager: ServiceManager) {
        self.executable = CommandLine.arguments.first.flatMap {
            ExecutablePath.find($0, searchPath: environment["PATH"])
        }
        var environment = environment
        environment[Handover.variable] = nil
        self.environment = environment
        self.manager = manager
        (self.events, self.continuation) = AsyncStream.makeStream()
    }

    /// Adds to ``events``.
    func tell(_ event: ServeEvent) { self.continuation.yield(event) }

    var isInProgress: Bool { self.successor.withLock { $0 != nil } }

    /// Starts the new process. What comes of it is told later; this daemon goes on until it is ``ServeEvent/replaced``.
    ///
    /// - Parameter arguments: Its command line.
    func begin(_ daemon: Daemon, arguments: [String], logger: Logger) async {
        guard ProcessInfo.processInfo.processIdentifier != 1 else {
            return Self.log(
                failure: "this is process 1, whose end is the end of its container; start another container instead",
                logger
            )
        }
        let successor: Successor
        do {
            successor = try Successor(
                executable: self.executable ?? CommandLine.arguments.first ?? "guerrillad",
                arguments: arguments,
                environment: self.environment,
                sockets: await daemon.listeners.compactMap { listener in
                    guard let interface = ListenInterface(listener.interface) else { return nil }
                    return listener.socket.descriptor.map { Handover.Socket(interface: interface, descriptor: $0) }
                }
            )
        } catch {
            Self.log(failure: "\(error)", logger)
            return
        }
        logger.notice("SIGUSR2: pid \(successor.processID) is starting")
        self.successor.withLock { $0 = successor }
        let task = Task {
            let outcome = await successor.outcome(timeout: Self.timeout)
            self.successor.withLock { $0 = nil }
            switch outcome {
            case .ready(let processID):
                logger.notice("Upgrade done: pid \(processID) has taken over")
                self.manager.notify(.mainProcess(processID))
                self.continuation.yield(.replaced)
            case .failed(let reason):
                await daemon.restorePIDFile()
                Self.log(failure: reason, logger)
            }
        }
        self.current.withLock { $0 = task }
    }

    /// Ends an upgrade that has not come to its end, and the new process with it.
    func giveUp() {
        self.successor.withLock { $0 }?.giveUp()
    }

    /// Returns when no upgrade is in progress any more.
    func waitUntilOver() async {
        await self.current.withLock { $0 }?.value
    }

    private static func log(failure reason: String, _ logger: Logger) {
        logger.error("Upgrade failed, going on as before", metadata: ["reason": "\(reason)"])
    }
}
#endif
