#if CommandLine
import ArgumentParser

// The exit codes of every command, also in the manual page and Docs/OPERATIONS.md:
//
//   0    done, or stopped as asked
//   1    what was asked for could not be done: `trouble`
//   64   the command line makes no sense (EX_USAGE of sysexits.h): ArgumentParser's `validationFailure`

extension ExitCode {
    /// The configuration is wrong, the daemon cannot start, a store or a message is not there.
    static let trouble = ExitCode(1)
}
#endif
