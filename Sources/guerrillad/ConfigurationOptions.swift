#if CommandLine
import ArgumentParser
import Foundation
import Guerrilla
import GuerrillaBackend

/// `-c`, shared by all commands that read the configuration.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp(
            "The configuration file.",
            discussion: "Default: goguerrilla.conf if there is one, else goguerrilla.conf.json; without either, the "
                + "embedded default."
        )
    )
    var config: String?

    /// Where the configuration is now.
    var source: ConfigurationSource { .lookUp(explicitPath: self.config) }

    /// Reads the file, or takes the embedded default.
    func load() -> ConfigurationReport {
        ConfigurationLoader(
            table: ConfigurationTable(registry: .standard),
            environment: ProcessInfo.processInfo.environment
        ).load(from: self.source)
    }

    /// Reads the file and gives up on problems, all of them named.
    func loadOrFail() throws -> (configuration: DaemonConfiguration, report: ConfigurationReport) {
        let report = self.load()
        guard let configuration = report.configuration else {
            for problem in report.problems { Terminal.note("guerrillad: \(problem)") }
            throw ExitCode(1)
        }
        return (configuration, report)
    }
}
#endif
