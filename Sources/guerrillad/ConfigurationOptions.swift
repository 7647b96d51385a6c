#if CommandLine
import ArgumentParser
import Foundation
import Guerrilla

/// `-c` and `-v`, before the verb or after it: both are go-guerrilla's ways to write them.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp(
            "The configuration file.",
            discussion: "Default: goguerrilla.conf if there is one, else goguerrilla.conf.json; without either, the "
                + "embedded default."
        ),
        completion: .file()
    )
    var config: String?

    @Flag(name: [.short, .long], help: "Log at level debug; for serve.")
    var verbose = false

    /// Reads configurations, and the environment.
    var loader: ConfigurationLoader {
        ConfigurationLoader(environment: ProcessInfo.processInfo.environment)
    }

    /// The file, or the embedded default.
    var source: ConfigurationSource { .lookUp(explicitPath: self.config) }

    /// Reads the file, or takes the embedded default.
    func load() -> ConfigurationReport { self.loader.load(from: self.source) }

    /// Reads the file and gives up on problems, all of them named.
    func loadOrFail() throws -> (configuration: DaemonConfiguration, report: ConfigurationReport) {
        let report = self.load()
        guard let configuration = report.configuration else { throw Terminal.fail(report.problems) }
        return (configuration, report)
    }
}
#endif
