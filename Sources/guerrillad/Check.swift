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
        for problem in report.problems { print("error: \(problem)") }
        for warning in report.warnings { print("warning: \(warning)") }
        guard let configuration = report.configuration else { throw ExitCode.trouble }
        let findings = DaemonCheck(configuration)
        for error in findings.errors { print("error: \(error)") }
        for warning in findings.warnings { print("warning: \(warning)") }
        for note in findings.notes { print("note: \(note)") }
        let file: String? = if case .file(let path) = report.source { path } else { nil }
        let accessProblems = UserAccessCheck.problems(configuration, from: file)
        for problem in accessProblems where !findings.errors.contains(problem) { print("error: \(problem)") }
        guard findings.errors.isEmpty, accessProblems.isEmpty else { throw ExitCode.trouble }
        if self.connect {
            let problems = await DaemonCheck.connectionProblems(configuration)
            for problem in problems { print("error: \(problem)") }
            guard problems.isEmpty else { throw ExitCode.trouble }
        }
        print("\(report.source): ok")
    }
}
#endif
