#if CommandLine
import ArgumentParser
import Guerrilla

struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the configuration that is in effect, or a sample.",
        discussion: "For example: guerrillad config show --changed",
        subcommands: [Show.self, Sample.self]
    )
}

extension Config {
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the configuration in effect: file, environment and defaults together, as JSON.",
            discussion: """
                Every key there is, in the order of Docs/CONFIGURATION.md. A key that is null is not set and depends on something \
                else. Passwords are shown as ***, unless they are asked for; with them, the output is a file that means the same.

                For example: guerrillad config show --changed -c goguerrilla.conf.json
                """
        )

        @OptionGroup var options: ConfigurationOptions

        @Flag(help: "Only what differs from the defaults.")
        var changed = false

        @Flag(help: "Show passwords.")
        var withSecrets = false

        func run() throws {
            let (report, listing) = self.options.loader.list(self.options.source)
            guard let listing else { throw Terminal.fail(report.problems) }
            for warning in report.warnings { Terminal.note("warning: \(warning)") }
            try Terminal.write(listing.json(secrets: self.withSecrets, changesOnly: self.changed))
        }
    }

    struct Sample: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a configuration to begin with.",
            discussion: """
                It is go-guerrilla's: its chain looks at messages and keeps none. To keep mail, end save_process with |sqlite.

                For example: guerrillad config sample > goguerrilla.conf.json
                """
        )

        @Flag(help: "Every key there is, at its default.")
        var all = false

        func run() throws {
            guard self.all else { return try Terminal.write(ConfigurationSample.text) }
            try Terminal.write(ConfigurationSample.everyKey())
        }
    }
}
#endif
