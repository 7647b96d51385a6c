#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a program of ours needs before it can do anything, also say in a sentence what is wrong.
///
/// To be asked before the first task runs: what tasks run on traps without files, and waits for ever without threads.
package enum Preflight {
    /// Files that a program needs beyond those it is started with, and threads beyond the first.
    private static let files = 16
    private static let threads = 4

    /// - Returns: A sentence about what is missing; nil when nothing is.
    package static func problem() -> String? {
        if getuid() != geteuid() || getgid() != getegid() {
            return
                "the program is setuid or setgid, which would make everybody who starts it the master of its files: take that away"
                + " (chmod u-s,g-s). For port 25 start it as root with the key `user`, or give it CAP_NET_BIND_SERVICE"
        }
        if let problem = OpenFileLimit.problem(opening: Self.files) { return problem }
        return ThreadLimit.problem(starting: Self.threads)
    }
}
