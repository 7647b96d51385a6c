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
            SIGTERM, SIGINT and SIGQUIT stop it: messages in hand are finished, everybody else is told to come back.
            SIGHUP makes it read certificates and keys again, for new connections.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Option(
        name: [.customShort("p"), .customLong("pidFile")],
        help: "Where to write the process id; goes before pid_file of the configuration."
    )
    var pidFile: String?

    @Flag(name: [.short, .long], help: "Log at level debug.")
    var verbose = false

    func run() async throws {
        var (configuration, report) = try self.options.loadOrFail()
        if let pidFile = self.pidFile {
            configuration.pidFile = pidFile.isEmpty ? nil : pidFile
        } else if configuration.pidFile == nil, report.source != .embeddedDefault,
            Terminal.isWritable(directory: "/var/run")
        {
            // go-guerrilla's default; where we may not write there, nobody has asked for it.
            configuration.pidFile = "/var/run/go-guerrilla.pid"
        }
        if self.verbose { configuration.logLevel = .debug }

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

        for await signal in signals {
            // go-guerrilla's users send these two; without a handler the second would end the daemon.
            if signal == .sighup {
                await daemon.reloadCertificates()
                logger.warning("SIGHUP: only certificates were read again; restart to apply other changes")
                continue
            }
            if signal == .sigusr1 {
                logger.warning("SIGUSR1: reopening logs is not supported by this version yet; use copytruncate")
                continue
            }
            logger.info("Shutdown signal caught")
            break
        }
        guard await daemon.shutdown() else { throw ExitCode(1) }
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
