#if CommandLine
import ArgumentParser
import Guerrilla

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The streams that a command talks to.
enum Terminal {
    /// Whether somebody reads along, or another program.
    static var isOutputInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether a file can be made there.
    static func isWritable(directory: String) -> Bool { access(directory, W_OK) == 0 }

    /// Whether somebody can answer a question.
    static var isInputInteractive: Bool { isatty(STDIN_FILENO) == 1 }

    /// One line for the person who runs the command. If it cannot be written, nobody can be told.
    static func note(_ text: String) {
        try? OutputFile.write(Array("\(text)\n".utf8).span.bytes, to: STDERR_FILENO)
    }

    /// Writes text to standard output.
    ///
    /// - Throws: `ExitCode`, when it cannot be written.
    static func write(_ text: String) throws {
        try Self.write(Array(text.utf8).span.bytes)
    }

    /// Writes octets to standard output, as they are.
    ///
    /// - Throws: `ExitCode`, when they cannot be written.
    static func write(_ bytes: RawSpan) throws {
        do throws(SystemError) {
            try OutputFile.write(bytes, to: STDOUT_FILENO)
        } catch {
            throw Self.fail("standard output: \(error)")
        }
    }

    /// Asks a question that is answered with yes or no.
    static func asks(_ question: String) -> Bool {
        try? OutputFile.write(Array("\(question) [y/N] ".utf8).span.bytes, to: STDERR_FILENO)
        let answer = readLine()?.lowercased() ?? ""
        return answer == "y" || answer == "yes"
    }

    /// Ends the command: one sentence.
    static func fail(_ sentence: String) -> ExitCode {
        Self.note("guerrillad: \(sentence)")
        return .trouble
    }

    /// Ends the command: a line for each problem.
    static func fail(_ problems: [ConfigurationProblem]) -> ExitCode {
        for problem in problems { Self.note("guerrillad: \(problem)") }
        return .trouble
    }
}
#endif
