#if CommandLine
import ArgumentParser
import Foundation
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

    /// Whether a path has a file, or anything else, a link that leads nowhere included.
    static func isTaken(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// One line for the person who runs the command. If it cannot be written, nobody can be told.
    static func note(_ text: String) {
        try? OutputFile.write(Self.shown("\(text)\n", on: STDERR_FILENO).span.bytes, to: STDERR_FILENO)
    }

    /// One line, if standard error takes it within a second: for a process that must end, read or not.
    static func lastWord(_ text: String) {
        var request = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard poll(&request, 1, 1_000) > 0 else { return }
        // A pipe that takes anything takes as much as this at once.
        let octets = Self.shown("\(text)\n", on: STDERR_FILENO).prefix(512)
        try? OutputFile.write(Array(octets).span.bytes, to: STDERR_FILENO)
    }

    /// Writes text to standard output.
    ///
    /// - Throws: `ExitCode`, when it cannot be written.
    static func write(_ text: String) throws {
        try Self.writeExactly(Self.shown(text, on: STDOUT_FILENO).span.bytes)
    }

    /// Octets to standard output, in pieces: as they are, but on a terminal without what would steer it.
    struct Output {
        private var text = Terminal.isOutputInteractive ? Terminal.text : nil

        /// - Throws: `ExitCode`, when they cannot be written.
        mutating func write(_ bytes: RawSpan) throws {
            guard var text = self.text else { return try Terminal.writeExactly(bytes) }
            var shown: [UInt8] = []
            text.append(bytes, to: &shown)
            self.text = text
            try Terminal.writeExactly(shown.span.bytes)
        }

        /// Nothing follows.
        mutating func finish() throws {
            var shown: [UInt8] = []
            self.text?.finish(&shown)
            try Terminal.writeExactly(shown.span.bytes)
        }
    }

    private static func writeExactly(_ bytes: RawSpan) throws {
        do throws(SystemError) {
            try OutputFile.write(bytes, to: STDOUT_FILENO)
        } catch {
            throw Self.fail("standard output: \(error)")
        }
    }

    /// A text's octets. What is in it may be a stranger's: nothing of it steers a terminal.
    private static func shown(_ text: String, on descriptor: CInt) -> [UInt8] {
        guard isatty(descriptor) == 1 else { return Array(text.utf8) }
        var octets: [UInt8] = []
        var shown = Self.text
        shown.append(Array(text.utf8).span.bytes, to: &octets)
        shown.finish(&octets)
        return octets
    }

    private static var text: TerminalText {
        TerminalText(isUTF8: TerminalText.isUTF8(environment: ProcessInfo.processInfo.environment))
    }

    /// Asks a question that is answered with yes or no.
    static func asks(_ question: String) -> Bool {
        try? OutputFile.write(Self.shown("\(question) [y/N] ", on: STDERR_FILENO).span.bytes, to: STDERR_FILENO)
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
