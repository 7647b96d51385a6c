import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A new process of this program that is to take the place of the running one. (SIGUSR2)
///
/// It inherits the listening sockets, so that no client is turned away, and says when it serves. Whatever goes wrong before that ends
/// it, and changes nothing here.
package final class Successor: Sendable {
    /// What became of it.
    package enum Outcome: Sendable, Equatable {
        /// It serves: this process has nothing more to do than to finish what it has begun.
        case ready(processID: Int)
        /// It does not, and has been ended.
        case failed(reason: String)
    }

    private let process: ChildProcess
    private let report: CInt
    private let isGivenUp = Atomic(false)

    /// Starts the new process.
    /// - Parameters:
    ///   - executable: The path that this process was started from.
    ///   - arguments: The words of the command line, the program's name included.
    ///   - environment: Of this process.
    ///   - sockets: What it is to listen on. They stay open here.
    /// - Throws: ``DaemonError`` when nothing could be started.
    package init(
        executable: String,
        arguments: [String],
        environment: [String: String],
        sockets: [Handover.Socket]
    ) throws(DaemonError) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw DaemonError("cannot start \(executable): \(String(cString: strerror(errno)))")
        }
        defer { close(ends[1]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        // The numbers that they have over there.
        let handover = Handover(
            predecessor: PIDFile.processID,
            reportDescriptor: 3,
            sockets: sockets.enumerated().map { index, socket in
                Handover.Socket(interface: socket.interface, descriptor: 4 + CInt(index))
            }
        )
        var environment = environment
        for variable in SystemdSockets.variables { environment[variable] = nil }
        environment[Handover.variable] = "\(handover)"
        do throws(DaemonError) {
            self.process = try ChildProcess(
                executable: executable,
                arguments: arguments,
                environment: environment,
                descriptors: [ends[1]] + sockets.map(\.descriptor)
            )
        } catch {
            close(ends[0])
            throw error
        }
        self.report = ends[0]
    }

    deinit {
        close(self.report)
    }

    /// Its process id.
    package var processID: Int { Int(self.process.processID) }

    /// Waits until it serves, has failed, or `timeout` has passed; then it is ended.
    package func outcome(timeout: Duration) async -> Outcome {
        let deadline = ContinuousClock.now + timeout
        return await withCheckedContinuation { continuation in
            // Not one of those that work on messages: there may be few.
            let isWaitedFor = SystemThread.start { continuation.resume(returning: self.wait(until: deadline)) }
            if !isWaitedFor { continuation.resume(returning: self.end("there is no thread to wait for it")) }
        }
    }

    /// Ends the wait, and the process with it.
    package func giveUp() {
        self.isGivenUp.store(true, ordering: .relaxed)
    }

    private func wait(until deadline: ContinuousClock.Instant) -> Outcome {
        var received: [UInt8] = []
        while true {
            if self.isGivenUp.load(ordering: .relaxed) { return self.end("it is not needed any more") }
            if ContinuousClock.now >= deadline { return self.end("it was not ready in time") }
            var request = pollfd(fd: self.report, events: Int16(POLLIN), revents: 0)
            // Not for long: it can end without closing the pipe, which programs that it has started may hold open.
            _ = poll(&request, 1, 100)
            let isAtEnd = self.read(into: &received)
            if let lineEnd = received.firstIndex(of: UInt8(ascii: "\n")) {
                switch SuccessorReport(String(decoding: received[..<lineEnd], as: UTF8.self)) {
                case .ready: return .ready(processID: self.processID)
                case .failed(let reason): return .failed(reason: "\(reason) (\(self.awaitEnding() ?? self.end()))")
                case nil: return self.end("it is another program")
                }
            }
            if let ending = self.process.ending() { return .failed(reason: ending) }
            if isAtEnd {
                if let ending = self.awaitEnding() { return .failed(reason: ending) }
                return self.end("it did not say that it serves")
            }
            if received.count >= SuccessorReport.maximumLength { return self.end("it is another program") }
        }
    }

    /// - Returns: Whether nothing more will come.
    private func read(into received: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: SuccessorReport.maximumLength)
        #if canImport(Glibc)
        let count = Glibc.read(self.report, &buffer, buffer.count)
        #elseif canImport(Musl)
        let count = Musl.read(self.report, &buffer, buffer.count)
        #else
        let count = Darwin.read(self.report, &buffer, buffer.count)
        #endif
        if count > 0 { received += buffer[..<count] }
        return count == 0
    }

    /// It has finished, and needs a moment to end by itself.
    private func awaitEnding() -> String? { self.process.ending(within: .seconds(2)) }

    private func end(_ reason: String) -> Outcome { .failed(reason: "\(reason) (\(self.end()))") }

    private func end() -> String { self.process.end(patience: .seconds(5)) }
}
