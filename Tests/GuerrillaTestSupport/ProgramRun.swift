#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A program that was run once, with everything it has said.
///
/// Not by way of Foundation: its `Process` reads beyond the end of a directory's listing where a thousand files are open, as in tests that
/// run at once.
public struct ProgramRun: Sendable {
    /// It could not be started.
    public struct Failure: Error {
        /// The system's error number.
        public let errorNumber: CInt
    }

    /// The exit code; 128 and the signal's number for one that a signal has ended.
    public let status: CInt
    /// What it wrote to standard output, and to standard error if that was asked for.
    public let output: [UInt8]

    /// The output as text.
    public var text: String { String(decoding: self.output, as: UTF8.self) }

    /// Runs it to its end, with nothing of what is open here. Blocks.
    /// - Parameters:
    ///   - words: The program, looked for in `PATH`, and its arguments. It is ended after ``patience``.
    ///   - directory: Where it runs; nil for here.
    ///   - input: The file that it reads as standard input.
    ///   - withErrors: Whether standard error is part of the output.
    public init(
        _ words: [String],
        in directory: String? = nil,
        input: String = "/dev/null",
        withErrors: Bool = true
    ) throws {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(errorNumber: errno) }
        defer { close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let place = directory.map { ["-C", $0] } ?? []
        let processID: pid_t
        do {
            defer { close(ends[1]) }
            processID = try Self.spawn(
                ["env"] + place + ["timeout", "\(patience.components.seconds)"] + words,
                input,
                ends[1],
                withErrors
            )
        }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(ends[0], &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            output += buffer[..<count]
        }
        var status: CInt = 0
        while waitpid(processID, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        self.status = signal == 0 ? (status >> 8) & 0xff : 128 + signal
        self.output = output
    }

    private static func spawn(_ words: [String], _ input: String, _ output: CInt, _ withErrors: Bool) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        if withErrors { posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO) }
        _ = self.closeFrom?(&actions, 3)

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

        var pointers = words.map { strdup($0) } + [nil]
        var variables = getenv("PATH").map { [strdup("PATH=\(String(cString: $0))"), nil] } ?? [nil]
        defer { for pointer in pointers + variables { free(pointer) } }
        var processID = pid_t()
        let result = posix_spawn(&processID, "/usr/bin/env", &actions, &attributes, &pointers, &variables)
        guard result == 0 else { throw Failure(errorNumber: result) }
        return processID
    }

    /// A name of glibc 2.34 that its headers keep from Swift; nil where there is none.
    private static let closeFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
        // The type of that function in <spawn.h>.
        unsafeBitCast($0, to: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, CInt) -> CInt).self)
    }
}
