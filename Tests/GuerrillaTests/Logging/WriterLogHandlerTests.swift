import GuerrillaTestSupport
import Logging
import Testing

@testable import Guerrilla

struct WriterLogHandlerTests {
    private let directory = TemporaryDirectory()

    /// The line that `body` logs, from its level on.
    private func line(_ body: (inout Logger) -> Void) async throws -> String? {
        let writer = LogWriter(try LogFile(.file(self.directory.path("log"))), format: .text)
        let output = LogOutput()
        output.connect(to: .writer(writer), level: .info)
        var logger = Log(output).logger
        body(&logger)
        await writer.close()
        let lines = try #require(self.directory.lines("log"))
        #expect(lines.count <= 1)
        return lines.first.map { String($0.drop { $0 != " " }.dropFirst()) }
    }

    @Test func metadataIsSortedByKeyAndTheNearestCounts() async throws {
        let line = try await self.line { logger in
            logger[metadataKey: "b"] = "logger"
            logger[metadataKey: "c"] = "logger"
            logger.warning("Hello", metadata: ["c": "here", "a": "two words"])
        }
        #expect(line == "level=warning msg=\"Hello\" a=\"two words\" b=logger c=here")
    }

    @Test func metadataProviderIsAsked() async throws {
        let line = try await self.line { logger in
            logger.handler.metadataProvider = Logger.MetadataProvider { ["trace": "17"] }
            logger.info("Hello")
        }
        #expect(line == "level=info msg=\"Hello\" trace=17")
    }

    @Test func levelsBelowTheLoggersAreNotWritten() async throws {
        let line = try await self.line { logger in
            logger.debug("unheard")
        }
        #expect(line == nil)
    }

    @Test func levelFollowsTheOutputUnlessItIsSet() throws {
        let output = LogOutput()
        let logger = Log(output).logger
        var stubborn = logger
        stubborn.logLevel = .error
        for level in Logger.Level.allCases {
            output.connect(to: .logger(logger), level: level)
            #expect(logger.logLevel == level)
            #expect(stubborn.logLevel == .error)
        }
    }

    /// Nothing is made for nobody.
    @Test func levelIsCriticalWhereNothingIsWritten() throws {
        let output = LogOutput()
        output.connect(to: .nowhere, level: .trace)
        #expect(Log(output).logger.logLevel == .critical)
    }

    @Test func hugeTextDoesNotWaitInTheQueue() {
        let handler = WriterLogHandler(LogOutput())
        let text = String(repeating: "日", count: 1 << 20)
        let event = LogEvent(
            level: .info,
            message: "\(text)",
            metadata: ["key": "\(text)"],
            source: nil,
            file: "",
            function: "",
            line: 0
        )
        guard case .line(let level, let message, let metadata, _) = handler.entry(event) else {
            Issue.record("an event is a line")
            return
        }
        #expect(message.utf8.count < 1_100)
        #expect(metadata.allSatisfy { $0.value.utf8.count < 1_100 })
        var bounded = LogText()
        bounded.append(.line(level: level, message: message, metadata: metadata, microseconds: 0))
        var whole = LogText()
        whole.append(.line(level: level, message: text, metadata: [("key", text)], microseconds: 0))
        #expect(bounded.octets == whole.octets)
    }

    @Test(arguments: [1_023, 1_024, 1_025, 1_026, 1_027, 1_028, 1_029, 2_000])
    func boundedTextIsWrittenLikeTheWhole(length: Int) {
        for character in ["x", "é", "日", "🎉"] {
            for offset in 0..<4 {
                let text = String(repeating: "x", count: offset) + String(repeating: character, count: length)
                var bounded = LogText()
                bounded.append(.line(level: .info, message: LogEntry.bounded(text), metadata: [], microseconds: 0))
                var whole = LogText()
                whole.append(.line(level: .info, message: text, metadata: [], microseconds: 0))
                #expect(bounded.octets == whole.octets)
            }
        }
    }

    @Test func errorIsWritten() async throws {
        let line = try await self.line { logger in
            logger.error("Trouble", error: DaemonError("two\nlines"), metadata: ["a": "1"])
        }
        #expect(line == #"level=error msg="Trouble" a=1 error="two\nlines""#)
    }
}
