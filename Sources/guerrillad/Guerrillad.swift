#if CommandLine
import ArgumentParser
import Guerrilla

/// The daemon's command line.
struct Guerrillad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guerrillad",
        abstract: "Receives mail over SMTP, stores it, says goodbye.",
        discussion: """
            To start: guerrillad serve

            With no configuration file it listens on 127.0.0.1:2525 and stores mail in ./guerrilla.sqlite.
            """,
        version: "guerrillad \(GuerrillaVersion.current)",
        subcommands: subcommands
    )

    @OptionGroup var options: ConfigurationOptions

    private static var subcommands: [any ParsableCommand.Type] {
        #if SQLite
        [Serve.self, Check.self, Config.self, Schema.self, Mail.self, Completion.self, Version.self]
        #else
        [Serve.self, Check.self, Config.self, Schema.self, Completion.self, Version.self]
        #endif
    }
}
#else
/// What is left of the daemon when the package is built without the trait `CommandLine`.
@main
struct Guerrillad {
    static func main() {
        print("guerrillad was built without its command line: build it with the trait CommandLine")
    }
}
#endif
