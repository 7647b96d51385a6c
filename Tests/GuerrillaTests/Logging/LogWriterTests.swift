import GuerrillaTestSupport
import Logging
import Testing

@testable import Guerrilla

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct LogWriterTests {
    private let directory = TemporaryDirectory()
    private var path: String { self.directory.path("log") }

    private func entry(_ message: String) -> LogEntry {
        .line(level: .info, message: message, metadata: [], microseconds: 0)
    }

    /// The messages of the lines in the log file.
    private func messages() throws -> [String] {
        try #require(self.directory.lines("log")).map(Self.message)
    }

    private static func message(_ line: some StringProtocol) -> String {
        String(line.split(separator: "\"").dropFirst(3).first ?? "")
    }

    @Test func linesAreWrittenInTheirOrderAndAllByTheEndOfClose() async throws {
        let writer = LogWriter(try LogFile(.file(self.path)), format: .text)
        for number in 0..<10_000 { writer.write(self.entry("\(number)")) }
        await writer.close()
        #expect(try self.messages() == (0..<10_000).map { "\($0)" })
    }

    @Test func linesAreWrittenWithoutClose() async throws {
        let writer = LogWriter(try LogFile(.file(self.path)), format: .text)
        for number in 0..<20 {
            writer.write(self.entry("\(number)"))
            #expect(await eventually { self.directory.lines("log")?.count == number + 1 })
        }
        await writer.close()
        #expect(try self.messages() == (0..<20).map { "\($0)" })
    }

    @Test func writersOnSeveralThreadsKeepTheirOwnOrder() async throws {
        let writer = LogWriter(try LogFile(.file(self.path)), format: .text)
        await withTaskGroup(of: Void.self) { group in
            for name in ["a", "b", "c", "d"] {
                group.addTask { for number in 0..<2_000 { writer.write(self.entry("\(name) \(number)")) } }
            }
        }
        await writer.close()
        let messages = try self.messages()
        #expect(messages.count == 8_000)
        for name in ["a", "b", "c", "d"] {
            #expect(messages.filter { $0.hasPrefix(name) } == (0..<2_000).map { "\(name) \($0)" })
        }
    }

    @Test func nothingIsWrittenAfterClose() async throws {
        let writer = LogWriter(try LogFile(.file(self.path)), format: .text)
        writer.write(self.entry("before"))
        await writer.close()
        writer.write(self.entry("after"))
        #expect(try self.messages() == ["before"])
    }

    @Test func fileIsAddedTo() async throws {
        for message in ["one", "two"] {
            let writer = LogWriter(try LogFile(.file(self.path)), format: .text)
            writer.write(self.entry(message))
            await writer.close()
        }
        #expect(try self.messages() == ["one", "two"])
    }

    @Test func offWritesNothing() async throws {
        let writer = LogWriter(try LogFile(.off), format: .text)
        for _ in 0..<100 { writer.write(self.entry("nobody reads this")) }
        await writer.close()
        #expect(self.directory.contents.isEmpty)
    }

    @Test func fileThatCannotBeOpenedIsNamed() {
        let path = self.directory.path("missing/log")
        let missing = #expect(throws: LogFileError.self) { _ = try LogFile(.file(path)) }
        #expect(missing?.description == "could not open log file \(path): No such file or directory")
        let directory = #expect(throws: LogFileError.self) { _ = try LogFile(.file(self.directory.path)) }
        #expect(directory?.description == "could not open log file \(self.directory.path): Is a directory")
    }

    /// The log goes into a pipe that nobody reads for a while, as when a disk hangs.
    @Test func linesBeyondTheCapacityAreDroppedAndCounted() async throws {
        #expect(mkfifo(self.path, 0o600) == 0)
        let reader = open(self.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        #expect(reader >= 0)
        #expect(fcntl(reader, F_SETFL, 0) == 0)
        let writer = LogWriter(try LogFile(.file(self.path)), format: .text)
        // One queue full is being written, another waits, the rest is too much.
        let count = 3 * LogWriter.capacity
        for number in 0..<count { writer.write(self.entry("\(number)")) }
        async let closed = writer.close()
        let text = try await onThread {
            var text: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let length = read(reader, &buffer, buffer.count)
                guard length > 0 else { return String(decoding: text, as: UTF8.self) }
                text += buffer[..<length]
            }
        }
        #expect(await closed == nil)
        close(reader)

        let lines = text.split(separator: "\n")
        let reports = lines.filter { $0.contains("Log lines were dropped") }
        let dropped = reports.compactMap { $0.split(separator: " dropped=").last.flatMap { Int($0) } }.reduce(0, +)
        let written = lines.filter { !$0.contains("Log lines were dropped") }.compactMap { Int(Self.message($0)) }
        #expect(reports.allSatisfy { $0.contains(" level=warning ") })
        #expect(dropped >= count - 2 * LogWriter.capacity - 2_000)
        #expect(written.count + dropped == count)
        #expect(zip(written, written.dropFirst()).allSatisfy { $0 < $1 })
        #expect(written.first == 0)
    }

    /// A pipe that is full, and a reader that does not read.
    private func fullPipe() throws -> (reader: CInt, file: LogFile) {
        // Its reader may go away.
        signal(SIGPIPE, SIG_IGN)
        #expect(mkfifo(self.path, 0o600) == 0)
        let reader = open(self.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        let file = try LogFile(.file(self.path))
        let filler = open(self.path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        let octets = [UInt8](repeating: UInt8(ascii: "x"), count: 4_096)
        while write(filler, octets, octets.count) > 0 {}
        close(filler)
        return (reader, file)
    }

    @Test func aLogThatTakesNothingIsNotWaitedForForEver() async throws {
        let (reader, file) = try self.fullPipe()
        let writer = LogWriter(file, format: .text)
        writer.write(self.entry("unread"))
        // As a reload that has put another log in its place.
        async let waiting = writer.close()
        let begin = ContinuousClock.now
        let sentence = await writer.close(patience: .milliseconds(50))
        #expect(sentence == "log \(self.path): its last lines are missing, because it takes no more")
        #expect(ContinuousClock.now - begin < patience)
        close(reader)
        _ = await waiting
    }

    @Test func whoWaitsForALogThatTakesNothingIsToldThatNothingComes() async throws {
        let (reader, file) = try self.fullPipe()
        let writer = LogWriter(file, format: .text)
        writer.write(self.entry("unread"))
        #expect(await eventually { writer.waiting == 0 })
        async let reopened = writer.reopen()
        #expect(await eventually { writer.waiting == 1 })
        await writer.close(patience: .milliseconds(50))
        #expect(await reopened == nil)
        close(reader)
    }

    @Test func aSlowReaderGetsEverything() async throws {
        let (reader, file) = try self.fullPipe()
        let writer = LogWriter(file, format: .text)
        let count = 2_000
        for number in 0..<count { writer.write(self.entry("\(number)")) }
        async let closed = writer.close(patience: .milliseconds(250))
        let text = try await onThread {
            var text: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 8_192)
            let deadline = ContinuousClock.now + patience
            while text.count(where: { $0 == UInt8(ascii: "\n") }) < count, ContinuousClock.now < deadline {
                let length = read(reader, &buffer, buffer.count)
                if length > 0 { text += buffer[..<length] }
                usleep(5_000)
            }
            return String(decoding: text, as: UTF8.self)
        }
        #expect(await closed == nil)
        close(reader)
        #expect(text.split(separator: "\n").count == count)
    }

    #if os(Linux)
    @Test func whatIsMissingAtTheEndIsSaid() async throws {
        let writer = LogWriter(try LogFile(.file("/dev/full")), format: .text)
        for _ in 0..<3 { writer.write(self.entry("lost")) }
        let sentence = try #require(await writer.close())
        #expect(sentence.hasPrefix("log /dev/full: 3 lines since 1970-01-01T00:00:00Z are missing: No space left"))
    }
    #endif
}
