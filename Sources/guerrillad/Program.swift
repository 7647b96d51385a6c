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

/// Where the program begins, before any task runs.
@main
enum Program {
    static func main() {
        SignalThread.block()
        // A limit on the size of files is a full disk to us: a write fails, with an error that is told.
        signal(SIGXFSZ, SIG_IGN)
        if let problem = Preflight.problem() {
            Terminal.note("guerrillad: \(problem)")
            exit(1)
        }
        Task.detached {
            await Guerrillad.main()
            exit(0)
        }
        SignalThread.run()
    }
}
#endif
