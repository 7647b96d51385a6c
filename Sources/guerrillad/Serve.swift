#if CommandLine
import ArgumentParser
import Foundation
import Guerrilla
import GuerrillaServer
import Logging
import UnixSignals

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the daemon and all servers that are enabled.",
        discussion: """
            For example: guerrillad serve -c goguerrilla.conf.json

            SIGTERM, SIGINT and SIGQUIT stop it: messages in hand are finished, everybody else is told to come back.
            SIGHUP reads the configuration, certificates and keys again; what is wrong with them changes nothing.
            SIGUSR1 opens the log files again, after logrotate has moved them.
            SIGUSR2 starts the program anew and hands the listening sockets over to it: an upgrade without a pause.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Option(
        name: [.customShort("p"), .customLong("pidFile")],
        help: "Where to write the process id; goes before pid_file of the configuration.",
        completion: .file()
    )
    var pidFile: String?

    @Flag(help: "Reload by itself when the configuration file has changed.")
    var watch = false

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let handover = Handover.take(from: environment)
        do {
            try await self.serve(environment: environment, handover: handover)
        } catch let failure as ServeFailure {
            for sentence in failure.sentences { Terminal.note("guerrillad: \(sentence)") }
            handover?.report(.failed(failure.sentences.joined(separator: "; ")))
            throw ExitCode.trouble
        }
    }

    private func serve(environment: [String: String], handover: Handover?) async throws {
        let manager = ServiceManager(environment: environment)
        let upgrade = Upgrade(environment: environment, manager: manager)
        // Before it is read: what changes meanwhile is a change.
        let stamp = self.stamp
        var report = self.options.load()
        guard let configuration = report.configuration else { throw ServeFailure(report.problems) }
        // A limit on the size of files is a full disk to us: the store fails with an error and the client keeps its mail.
        signal(SIGXFSZ, SIG_IGN)
        let daemon: Daemon
        let stopDeadline: StopDeadline
        let listeners: [Daemon.Listener]
        do {
            let sockets = try Self.openSockets(for: configuration, handover: handover, environment: environment)
            upgrade.forward(
                await UnixSignalsSequence(trapping: .sigterm, .sigint, .sigquit, .sighup, .sigusr1, .sigusr2)
            )
            self.applyOptions(to: &report)
            daemon = Daemon(configuration: report.configuration ?? configuration)
            stopDeadline = StopDeadline(configuration.shutdownTimeout, of: daemon)
            if let handover { await daemon.takeOver(from: handover.predecessor) }
            listeners = try await daemon.start(on: sockets)
        } catch {
            throw ServeFailure([error])
        }
        let logger = await daemon.logger
        stopDeadline.log(to: logger)
        for warning in report.warnings { logger.warning("\(warning)") }
        logger.info("guerrillad \(GuerrillaVersion.current) started with \(report.source)")
        handover?.report(.ready)
        manager.notify(.ready, .status("Listening on \(listeners.map(\.address.hostAndPort).joined(separator: ", "))"))
        if report.source == .embeddedDefault { self.welcome(listeners, configuration: configuration) }

        let watching = self.watch ? self.watchFile(loaded: stamp, for: daemon) : nil
        await self.handle(upgrade.events, upgrade: upgrade, daemon: daemon, manager: manager)
        watching?.cancel()
        stopDeadline.arm()
        guard await daemon.shutdown() else { throw ExitCode.trouble }
    }

    /// Does what signals ask for, until one asks to stop or another process has taken over.
    private func handle(
        _ events: AsyncStream<ServeEvent>,
        upgrade: Upgrade,
        daemon: Daemon,
        manager: ServiceManager
    ) async {
        for await event in events {
            let logger = await daemon.logger
            switch event {
            case .replaced:
                return
            case .signal(.sighup) where upgrade.isInProgress, .signal(.sigusr2) where upgrade.isInProgress:
                let name = event == .signal(.sighup) ? "SIGHUP" : "SIGUSR2"
                logger.warning("\(name): an upgrade is in progress; send the signal again when it has ended")
            case .signal(.sighup):
                manager.notify(.reloading)
                await self.reload(daemon)
                manager.notify(.ready)
            case .signal(.sigusr1):
                await daemon.reopenLogs()
            case .signal(.sigusr2):
                await upgrade.begin(daemon, logger: logger)
            case .signal:
                logger.info("Shutdown signal caught")
                manager.notify(.stopping)
                await upgrade.giveUp()
                return
            }
        }
    }

    /// The sockets that are there before the daemon is: inherited, or opened as root before the process became another user.
    private static func openSockets(
        for configuration: DaemonConfiguration,
        handover: Handover?,
        environment: [String: String]
    ) throws -> [ListeningSocket] {
        let sockets = try Inheritance(handover: handover, environment: environment).sockets
        // Does not return where it has root to give up.
        try ProcessUser(configuration)?.become(environment: environment) {
            try ListeningSocket.open(for: configuration, beside: sockets)
        }
        return sockets
    }

    // MARK: Configuration

    /// Puts what the command line says in its place in the configuration: at the start and at every reload.
    private func applyOptions(to report: inout ConfigurationReport) {
        if let pidFile = self.pidFile {
            report.configuration?.pidFile = pidFile.isEmpty ? nil : pidFile
        } else if report.configuration?.pidFile == nil, report.source != .embeddedDefault,
            Terminal.isWritable(directory: "/var/run")
        {
            // go-guerrilla's default; where we may not write there, nobody has asked for it.
            report.configuration?.pidFile = "/var/run/go-guerrilla.pid"
        }
        if self.options.verbose { report.configuration?.logLevel = .debug }
    }

    private func reload(_ daemon: Daemon) async {
        var report = self.options.load()
        self.applyOptions(to: &report)
        // The daemon's own log says how it went.
        try? await daemon.reloadConfig(report)
    }

    /// Looks at the file once a second, and reloads when it has changed and then stayed as it is.
    private func watchFile(loaded: FileStamp?, for daemon: Daemon) -> Task<Void, Never> {
        Task {
            var loaded = loaded
            var seen = loaded
            while (try? await Task.sleep(for: .seconds(1))) != nil {
                let stamp = self.stamp
                if stamp != nil, stamp == seen, stamp != loaded {
                    loaded = stamp
                    await self.reload(daemon)
                }
                seen = stamp
            }
        }
    }

    /// The configuration file as it is now; nil if there is none.
    private var stamp: FileStamp? {
        if case .file(let path) = self.options.source { FileStamp(path: path) } else { nil }
    }

    /// What somebody who has just built the daemon wants to know.
    private func welcome(_ listeners: [Daemon.Listener], configuration: DaemonConfiguration) {
        guard let listener = listeners.first else { return }
        let address = listener.address.hostAndPort
        let recipient = "you@\(configuration.allowedHosts.last ?? "localhost")"
        Terminal.note(
            """
            guerrillad \(GuerrillaVersion.current): no configuration file found, running on the embedded default.
              Listening on    \(address), for mail to \(configuration.allowedHosts.joined(separator: " and "))
              Mail goes into  \(Self.store(of: configuration))
            Send a first mail from another terminal:
              printf 'Subject: first mail\\n\\nHello!\\n' | curl -sS --crlf smtp://\(address) --mail-from me@example.org --mail-rcpt \(recipient) -T -
            and look at it:
              ./guerrillad mail list
            """
        )
    }

    private static func store(of configuration: DaemonConfiguration) -> String {
        #if SQLite
        configuration.sqlitePath ?? "nothing: it is discarded"
        #else
        "nothing: it is discarded"
        #endif
    }
}

/// Why the daemon does not start.
private struct ServeFailure: Error {
    let sentences: [String]

    init(_ reasons: [Any]) {
        self.sentences = reasons.map { "\($0)" }
    }
}
#endif
