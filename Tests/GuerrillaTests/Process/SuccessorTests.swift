import GuerrillaTestSupport
import Synchronization
import Testing

@testable import Guerrilla

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// With shell scripts in the place of the new program.
struct SuccessorTests {
    private let directory = TemporaryDirectory()

    private func start(_ script: String, sockets: [Handover.Socket] = []) throws(DaemonError) -> Successor {
        try Successor(
            executable: "/bin/sh",
            arguments: ["sh", "-c", script],
            environment: ["PATH": "/usr/bin:/bin", "LISTEN_FDS": "1", "OUT": self.directory.path("out")],
            sockets: sockets
        )
    }

    /// Exit tests of this process would wait for a zombie for ever.
    private func bury(_ successor: Successor) {
        kill(pid_t(successor.processID), SIGKILL)
        waitpid(pid_t(successor.processID), nil, 0)
    }

    @Test func oneThatServesIsReady() async throws {
        let successor = try self.start("echo ready >&3; exec 3>&-; exec sleep 1000")
        #expect(await successor.outcome(timeout: .seconds(300)) == .ready(processID: successor.processID))
        self.bury(successor)
    }

    @Test(arguments: [
        ("exit 3", "exit code 3"),
        ("kill -9 $$", "ended by signal 9"),
        ("echo 'failed: port 25 is taken' >&3; exit 1", "port 25 is taken (exit code 1)"),
        ("echo hello >&3; exec sleep 1000", "it is another program (ended by signal 15)"),
        ("exec 3>&-; exec sleep 1000", "it did not say that it serves (ended by signal 15)"),
        ("head -c 5000 /dev/zero >&3; exec sleep 1000", "it is another program (ended by signal 15)"),
        // What it has started and left behind holds the pipe open.
        ("sleep 3 & exit 4", "exit code 4"),
    ])
    func oneThatDoesNotServeHasFailed(script: String, reason: String) async throws {
        let outcome = try await self.start(script).outcome(timeout: .seconds(300))
        #expect(outcome == .failed(reason: reason))
    }

    @Test func oneThatTakesTooLongIsEnded() async throws {
        let successor = try self.start("exec sleep 1000")
        let outcome = await successor.outcome(timeout: .milliseconds(300))
        #expect(outcome == .failed(reason: "it was not ready in time (ended by signal 15)"))
        #expect(kill(pid_t(successor.processID), 0) != 0)
    }

    @Test func oneThatIsNotWantedAnyMoreIsEnded() async throws {
        let successor = try self.start("exec sleep 1000")
        async let outcome = successor.outcome(timeout: .seconds(300))
        successor.giveUp()
        #expect(await outcome == .failed(reason: "it is not needed any more (ended by signal 15)"))
    }

    @Test func programThatIsNotThereIsToldInASentence() {
        let error = #expect(throws: DaemonError.self) {
            _ = try Successor(
                executable: self.directory.path("none"),
                arguments: ["none"],
                environment: [:],
                sockets: []
            )
        }
        #expect(error?.description == "cannot start \(self.directory.path("none")): No such file or directory")
    }

    @Test func onlyTheSocketsAreInheritedAndTold() async throws {
        // Open here, and marked for everybody: as swift-nio's epoll descriptors are.
        let careless = dup(STDERR_FILENO)
        defer { close(careless) }
        let file = try #require(try? PIDFile(writingTo: self.directory.path("pid")))
        let one = open("/dev/zero", O_RDONLY | O_CLOEXEC)
        let two = open("/dev/full", O_RDONLY | O_CLOEXEC)
        defer { for descriptor in [one, two] { close(descriptor) } }
        let interface = ListenInterface(host: "127.0.0.1", port: 0)
        let successor = try self.start(
            """
            { for f in /proc/$$/fd/*; do echo ${f##*/}=$(readlink $f); done; echo "$GUERRILLAD_HANDOVER"; echo "fds=$LISTEN_FDS"; } >$OUT
            echo ready >&3
            """,
            sockets: [.init(interface: interface, descriptor: one), .init(interface: interface, descriptor: two)]
        )
        #expect(await successor.outcome(timeout: .seconds(300)) == .ready(processID: successor.processID))
        self.bury(successor)
        let lines = try #require(self.directory.lines("out"))
        #expect(lines.contains("4=/dev/zero"))
        #expect(lines.contains("5=/dev/full"))
        #expect(lines.contains { $0.hasPrefix("3=pipe:") })
        // Above 5 there is what the shell itself needs to write into $OUT.
        #expect(
            lines.filter { $0.contains("=/") || $0.contains("=anon") || $0.contains("=socket") }.count <= 7,
            "\(lines)"
        )
        #expect(!lines.contains { $0.contains(self.directory.path("pid")) || $0.contains("anon_inode") })
        #expect(lines.contains("\(PIDFile.processID) 3 4=127.0.0.1:0 5=127.0.0.1:0"))
        #expect(lines.last == "fds=")
        // Still open here, and still ours alone.
        #expect(fcntl(one, F_GETFD) == FD_CLOEXEC)
        #expect(file.isInPlace)
    }

    private final class End: Sendable {
        let isReached = Atomic(false)
    }

    /// A connection may be accepted at any moment.
    @Test func whatIsOpenedDuringTheStartIsNotInherited() async throws {
        try self.directory.write("", to: "connection")
        let path = self.directory.path("connection")
        let end = End()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await onThread {
                    while !end.isReached.load(ordering: .relaxed) {
                        let descriptors = (0..<20).map { _ in open(path, O_RDONLY) }
                        for descriptor in descriptors { close(descriptor) }
                    }
                }
            }
            defer { end.isReached.store(true, ordering: .relaxed) }
            for _ in 0..<20 {
                let successor = try self.start("for f in /proc/$$/fd/*; do readlink $f; done >$OUT; echo ready >&3")
                #expect(await successor.outcome(timeout: .seconds(300)) == .ready(processID: successor.processID))
                self.bury(successor)
                #expect(try #require(self.directory.lines("out")).filter { $0 == path } == [])
            }
        }
    }

    /// Handlers and masks of this process are not the new one's.
    @Test func signalsAreAsInAFreshProcess() async throws {
        signal(SIGUSR2, SIG_IGN)
        let successor = try self.start("grep -E 'Sig(Ign|Blk)' /proc/self/status >$OUT; echo ready >&3")
        _ = await successor.outcome(timeout: .seconds(300))
        self.bury(successor)
        let lines = try #require(self.directory.lines("out"))
        #expect(lines.count == 2)
        for line in lines {
            // 32 and 33 are the C library's own.
            let set = try #require(line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
            #expect(set & 0x7fff_ffff == 0, "\(line)")
        }
    }
}
