#if CommandLine
import ArgumentParser
import Guerrilla

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read the configuration, say everything that is wrong with it, and do nothing.",
        discussion: """
            Exits with 1 when the daemon would not start with it.

            For example: guerrillad check --connect -c goguerrilla.conf.json
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Try the connections to databases and other servers, too.")
    var connect = false

    func run() async throws {
        let report = self.options.load()
        try Self.say(report.problems, as: "error")
        try Self.say(report.warnings, as: "warning")
        guard let configuration = report.configuration else { throw ExitCode.trouble }
        let findings = DaemonCheck(configuration)
        try Self.say(findings.errors, as: "error")
        try Self.say(findings.warnings, as: "warning")
        try Self.say(findings.notes, as: "note")
        let file: String? = if case .file(let path) = report.source { path } else { nil }
        let accessProblems = UserAccessCheck.problems(configuration, from: file)
        try Self.say(accessProblems.filter { !findings.errors.contains($0) }, as: "error")
        guard findings.errors.isEmpty, accessProblems.isEmpty else { throw ExitCode.trouble }
        if self.connect {
            let connections = await DaemonCheck.connectionFindings(configuration)
            try Self.say(connections.problems, as: "error")
            try Self.say(connections.warnings, as: "warning")
            guard connections.problems.isEmpty else { throw ExitCode.trouble }
        }
        try Terminal.write("\(report.source): ok\n")
    }

    private static func say(_ findings: [some CustomStringConvertible], as kind: String) throws {
        try Terminal.write(findings.map { "\(kind): \($0)\n" }.joined())
    }
}
#endif
