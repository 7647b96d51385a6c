#if CommandLine
import ArgumentParser
import Foundation
import Guerrilla
import GuerrillaServer
import Logging

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
        let served = ServedConfiguration(self.options)
        var report = served.load()
        guard let configuration = report.configuration else { throw ServeFailure(report.problems) }
        let daemon: Daemon
        let stopDeadline: StopDeadline
        let sockets: [ListeningSocket]
        do {
            sockets = try Self.openSockets(
                for: configuration,
                handover: handover,
                environment: environment,
                arguments: served.arguments
            )
            self.applyOptions(to: &report)
            daemon = Daemon(configuration: report.configuration ?? configuration)
            stopDeadline = try Self.takeSignals(for: daemon, upgrade, timeout: configuration.shutdownTimeout)
            if let handover { await daemon.takeOver(from: handover.predecessor) }
        } catch {
            throw ServeFailure([error])
        }
        // To stop never waits: not for the start, and not for what the other signals ask for.
        let (tasks, continuation) = AsyncStream.makeStream(of: ServeEvent.self)
        let ending = Task {
            await self.waitForEnd(of: daemon, upgrade, manager, others: continuation)
            stopDeadline.begun()
            return await daemon.shutdown()
        }
        let listeners: [Daemon.Listener]
        do {
            listeners = try await daemon.start(on: sockets)
        } catch {
            await Self.tellOfLogs(of: daemon)
            guard stopDeadline.isArmed else { throw ServeFailure([error]) }
            handover?.report(.failed("it was told to stop"))
            return
        }
        let logger = await daemon.logger
        stopDeadline.log(to: logger)
        for warning in report.warnings { logger.warning("\(warning)") }
        logger.info("guerrillad \(GuerrillaVersion.current) started with \(report.source)")
        handover?.report(.ready)
        manager.notify(.ready, .status("Listening on \(listeners.map(\.address.hostAndPort).joined(separator: ", "))"))
        if report.source == .embeddedDefault { self.welcome(listeners, configuration: configuration) }

        let watching = self.watch ? self.watchFile(served, upgrade) : nil
        let work = Task {
            for await event in tasks {
                await self.act(on: event, served, upgrade: upgrade, daemon: daemon, manager: manager)
            }
        }
        var isClean = await ending.value
        // The signal may have come before there was anything to stop.
        isClean = await daemon.shutdown() && isClean
        watching?.cancel()
        work.cancel()
        await upgrade.waitUntilOver()
        await Self.tellOfLogs(of: daemon)
        guard isClean else { throw ExitCode.trouble }
    }

    /// Has the signals told to `upgrade` from now on. What they need then is there: threads above all.
    private static func takeSignals(for daemon: Daemon, _ upgrade: Upgrade, timeout: Duration) throws -> StopDeadline {
        guard let spare = SpareThreads(8), let stopDeadline = StopDeadline(timeout, of: daemon),
            let teller = SignalTeller({ upgrade.tell(.signal($0)) })
        else { throw ServeFailure([ThreadLimit.sentence(10)]) }
        SignalThread.react(to: Set(ProcessSignal.allCases)) { signal in
            // Nothing here waits for a task, or for a thread.
            if signal.isEnd {
                stopDeadline.arm()
                daemon.beginShutdown()
                spare.release()
            }
            teller.tell(signal)
        }
        return stopDeadline
    }

    /// Says what is missing in the logs, which nobody will look for there.
    private static func tellOfLogs(of daemon: Daemon) async {
        for sentence in await daemon.missingInLogs { Terminal.lastWord("guerrillad: \(sentence)") }
    }

    /// Returns when a signal asks to stop, or another process has taken over. What else there is to do is for others.
    private func waitForEnd(
        of daemon: Daemon,
        _ upgrade: Upgrade,
        _ manager: ServiceManager,
        others: AsyncStream<ServeEvent>.Continuation
    ) async {
        for await event in upgrade.events {
            switch event {
            case .replaced:
                return
            case .signal(.terminate), .signal(.interrupt), .signal(.quit):
                await daemon.logger.info("Shutdown signal caught")
                manager.notify(.stopping)
                upgrade.giveUp()
                return
            case .signal, .fileHasChanged:
                others.yield(event)
            }
        }
    }

    /// Does what a signal asks for, or a changed file.
    private func act(
        on event: ServeEvent,
        _ served: ServedConfiguration,
        upgrade: Upgrade,
        daemon: Daemon,
        manager: ServiceManager
    ) async {
        let logger = await daemon.logger
        switch event {
        case .signal(.hangUp) where upgrade.isInProgress, .signal(.user2) where upgrade.isInProgress:
            let name = event == .signal(.hangUp) ? "SIGHUP" : "SIGUSR2"
            logger.warning("\(name): an upgrade is in progress; send the signal again when it has ended")
        case .signal(.hangUp):
            manager.notify(.reloading)
            await self.reload(served, daemon)
            manager.notify(.ready)
        case .fileHasChanged:
            // Both may have happened since: the watcher will see it again.
            guard !upgrade.isInProgress, let stamp = served.stamp, served.isNews(stamp) else { return }
            await self.reload(served, daemon)
        case .signal(.user1):
            // Nobody waits for a log that hangs: the next signal may be the one that puts another in its place.
            Task { await daemon.reopenLogs() }
        case .signal(.user2):
            await upgrade.begin(daemon, arguments: served.arguments, logger: logger)
        case .signal, .replaced:
            break
        }
    }

    /// The sockets that are there before the daemon is: inherited, or opened as root before the process became another user.
    private static func openSockets(
        for configuration: DaemonConfiguration,
        handover: Handover?,
        environment: [String: String],
        arguments: [String]
    ) throws -> [ListeningSocket] {
        let sockets = try Inheritance(handover: handover, environment: environment).sockets
        // Does not return where it has root to give up.
        try ProcessUser(configuration)?.become(environment: environment, arguments: arguments, handover: handover) {
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

    private func reload(_ served: ServedConfiguration, _ daemon: Daemon) async {
        var report = served.load()
        self.applyOptions(to: &report)
        // The daemon's own log says how it went.
        try? await daemon.reloadConfig(report)
    }

    /// Looks at the file once a second, and tells when it has changed and then stayed as it is.
    private func watchFile(_ served: ServedConfiguration, _ upgrade: Upgrade) -> Task<Void, Never> {
        Task {
            var seen = served.stamp
            while (try? await Task.sleep(for: .seconds(1))) != nil {
                let stamp = served.stamp
                if let stamp, stamp == seen, served.isNews(stamp) { upgrade.tell(.fileHasChanged) }
                seen = stamp
            }
        }
    }

    /// What somebody who has just built the daemon wants to know.
    private func welcome(_ listeners: [Daemon.Listener], configuration: DaemonConfiguration) {
        guard let listener = listeners.first else { return }
        let address = listener.address.hostAndPort
        let recipient = ExampleRecipient(allowedHosts: configuration.allowedHosts)
        let hosts = recipient.isOneOfAll ? "every domain" : configuration.allowedHosts.joined(separator: " and ")
        Terminal.note(
            """
            guerrillad \(GuerrillaVersion.current): no configuration file found, running on the embedded default.
              Listening on    \(address), for mail to \(hosts)
              Mail goes into  \(Self.store(of: configuration))
            Send a first mail from another terminal:
              printf 'Subject: first mail\\n\\nHello!\\n' | curl -sS --crlf smtp://\(address) --mail-from me@example.org --mail-rcpt \(recipient.shellWord) -T -
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
        self.sentences = reasons.flatMap { ($0 as? Self)?.sentences ?? ["\($0)"] }
    }
}
#endif
