#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A program that we have started.
struct ChildProcess: Sendable {
    let processID: pid_t

    /// Starts a program.
    ///
    /// It gets standard input, output and error, and nothing else of what is open here but `descriptors`: swift-nio's epoll
    /// descriptors, say, would stay open in every program that is started.
    /// - Parameters:
    ///   - descriptors: They are number 3, 4, … in the new process.
    ///   - environment: All of it.
    /// - Throws: ``DaemonError`` with the system's reason.
    init(
        executable: String,
        arguments: [String],
        environment: [String: String],
        descriptors: [CInt]
    ) throws(DaemonError) {
        let first: CInt = 3
        let end = first + CInt(descriptors.count)
        // Copies beyond the numbers that are to be used: none may be overwritten before it has its place.
        var copies: [CInt] = []
        defer { for copy in copies { close(copy) } }
        for descriptor in descriptors {
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, end)
            guard copy >= 0 else { throw Self.failure(executable, errno) }
            copies.append(copy)
        }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, copy) in zip(first..<end, copies) { posix_spawn_file_actions_adddup2(&actions, copy, number) }
        if Self.closeFrom?(&actions, end) != 0 { OpenFiles.keepToOurselves() }

        // What is ignored or blocked here stays so in the new program, unless it is said otherwise.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        var none = sigset_t()
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let words = CStrings(arguments)
        let variables = CStrings(environment: environment)
        var processID = pid_t()
        let result = posix_spawn(&processID, executable, &actions, &attributes, words.pointers, variables.pointers)
        guard result == 0 else { throw Self.failure(executable, result) }
        self.processID = processID
    }

    /// Whether and how it has ended; nil as long as it runs. To be asked until there is an answer, as otherwise it stays a zombie.
    func ending() -> String? {
        var status: CInt = 0
        let result = waitpid(self.processID, &status, WNOHANG)
        guard result != 0 else { return nil }
        guard result > 0 else { return "it is not there" }
        let signal = status & 0x7f
        return signal == 0 ? "exit code \((status >> 8) & 0xff)" : "ended by signal \(signal)"
    }

    /// Ends it: asks, and does not ask again after `patience`.
    func end(patience: Duration) -> String {
        kill(self.processID, SIGTERM)
        if let ending = self.ending(within: patience) { return ending }
        kill(self.processID, SIGKILL)
        return self.ending(within: .seconds(60)) ?? "it cannot be ended"
    }

    /// Waits for its end; nil when it still runs then.
    func ending(within patience: Duration) -> String? {
        let deadline = ContinuousClock.now + patience
        repeat {
            if let ending = self.ending() { return ending }
            usleep(10_000)
        } while ContinuousClock.now < deadline
        return nil
    }

    /// Closes what is open in the new process from a number on: also a connection that another thread accepts until then, which comes
    /// too late to be marked here. The name of glibc 2.34, which its headers keep from Swift; nil where there is none.
    private static let closeFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
        // The type of that function in <spawn.h>.
        unsafeBitCast($0, to: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, CInt) -> CInt).self)
    }

    private static func failure(_ executable: String, _ errorNumber: CInt) -> DaemonError {
        DaemonError("cannot start \(executable): \(String(cString: strerror(errorNumber)))")
    }
}
