#if CommandLine
import ArgumentParser
import Guerrilla
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
        // Before it is read: what changes meanwhile is a change.
        let stamp = self.stamp
        let report = self.load()
        guard let configuration = report.configuration else {
            throw Terminal.fail(report.problems)
        }
        // A limit on the size of files is a full disk to us: the store fails with an error and the client keeps its mail.
        signal(SIGXFSZ, SIG_IGN)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sigquit, .sighup, .sigusr1)
        let daemon = Daemon(configuration: configuration)
        let listeners: [Daemon.Listener]
        do {
            listeners = try await daemon.start()
        } catch {
            throw Terminal.fail("\(error)")
        }
        let logger = await daemon.logger
        for warning in report.warnings { logger.warning("\(warning)") }
        logger.info("guerrillad \(GuerrillaVersion.current) started with \(report.source)")
        if report.source == .embeddedDefault { self.welcome(listeners, configuration: configuration) }

        let watching = self.watch ? self.watchFile(loaded: stamp, for: daemon) : nil
        for await signal in signals {
            if signal == .sighup {
                await self.reload(daemon)
            } else if signal == .sigusr1 {
                await daemon.reopenLogs()
            } else {
                break
            }
        }
        logger.info("Shutdown signal caught")
        watching?.cancel()
        guard await daemon.shutdown() else { throw ExitCode.trouble }
    }

    // MARK: Configuration

    /// Reads the configuration, and puts what the command line says in its place there: at the start and at every reload.
    private func load() -> ConfigurationReport {
        var report = self.options.load()
        if let pidFile = self.pidFile {
            report.configuration?.pidFile = pidFile.isEmpty ? nil : pidFile
        } else if report.configuration?.pidFile == nil, report.source != .embeddedDefault,
            Terminal.isWritable(directory: "/var/run")
        {
            // go-guerrilla's default; where we may not write there, nobody has asked for it.
            report.configuration?.pidFile = "/var/run/go-guerrilla.pid"
        }
        if self.options.verbose { report.configuration?.logLevel = .debug }
        return report
    }

    private func reload(_ daemon: Daemon) async {
        let report = self.load()
        let logger = await daemon.logger
        guard let configuration = report.configuration else {
            for problem in report.problems { logger.error("\(problem)") }
            logger.error("Could not reload config: the old one stays in force", metadata: ["file": "\(report.source)"])
            return
        }
        for warning in report.warnings { logger.warning("\(warning)") }
        // The daemon's own log says how it went.
        try? await daemon.reloadConfig(configuration)
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
#endif
