import GuerrillaTestSupport
import Logging
import Testing

@testable import Guerrilla

#if os(Linux)
/// `/dev/full` is a disk that is full for ever.
struct LogSinkTests {
    private let directory = TemporaryDirectory()

    private func entries(_ messages: String...) -> ArraySlice<LogEntry> {
        messages.map { .line(level: .info, message: $0, metadata: [], microseconds: 1_000_000) }[...]
    }

    private func file(_ name: String) throws -> LogFile { try LogFile(.file(self.directory.path(name))) }

    @Test func linesThatCouldNotBeWrittenAreToldOfInTheirPlace() throws {
        var sink = LogSink(try LogFile(.file("/dev/full")), format: .text)
        sink.write(self.entries("one", "two"), progress: {})
        #expect(sink.loss?.lines == 2)
        sink.write(self.entries("three"), progress: {})
        #expect(sink.loss?.lines == 3)
        sink.replace(with: try self.file("log"))
        sink.write(self.entries("four"), progress: {})
        #expect(sink.loss == nil)
        sink.write(self.entries("five"), progress: {})
        let lines = try #require(self.directory.lines("log"))
        #expect(lines.count == 3)
        let report = try #require(lines.first)
        #expect(report.contains(#" level=error msg="Log lines are missing: they could not be written" lines=3 "#))
        #expect(report.contains(" from=1970-01-01T00:00:01Z until=1970-01-01T00:00:01Z "))
        #expect(report.hasSuffix(#"reason="No space left on device""#))
        #expect(lines[1].contains("four") && lines[2].contains("five"))
    }

    @Test func isToldInTheFormOfTheLog() throws {
        var sink = LogSink(try LogFile(.file("/dev/full")), format: .json)
        sink.write(self.entries("one"), progress: {})
        sink.replace(with: try self.file("log"))
        sink.write([], progress: {})
        let lines = try #require(self.directory.lines("log"))
        #expect(lines.count == 1 && lines[0].contains(#""level":"error""#) && lines[0].contains(#""lines":"1""#))
    }
}
#endif
