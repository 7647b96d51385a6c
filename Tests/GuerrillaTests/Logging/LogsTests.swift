import GuerrillaMail
import GuerrillaSMTP
import GuerrillaTestSupport
import Logging
import Synchronization
import Testing

@testable import Guerrilla
@testable import GuerrillaServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct LogsTests {
    private let directory = TemporaryDirectory()
    private let first = ListenInterface(host: "127.0.0.1", port: 25)
    private let second = ListenInterface(host: "127.0.0.1", port: 26)

    private func file(_ name: String) -> LogDestination { .file(self.directory.path(name)) }

    private func settings(
        _ main: LogDestination,
        _ servers: [ListenInterface: LogDestination] = [:],
        level: LogLevel = .info,
        format: LogFormat = .text
    ) -> LogSettings {
        LogSettings(main: main, servers: servers, level: level, format: format)
    }

    /// The messages of the lines in a log file.
    private func messages(_ name: String) -> [String]? {
        self.directory.lines(name)?.map { String($0.split(separator: "\"").dropFirst(3).first ?? "") }
    }

    // MARK: Settings

    @Test func settingsNameTheLogsOfServersThatListen() {
        var configuration = DaemonConfiguration(hostName: "mail.example.com")
        configuration.logFile = self.file("main")
        configuration.logLevel = .warn
        configuration.logFormat = .json
        configuration.servers = [self.first, self.second].map { ServerConfiguration(listenInterface: $0) }
        configuration.servers[0].logFile = .off
        configuration.servers[1].logFile = self.file("second")
        configuration.servers[1].isEnabled = false
        let settings = configuration.logSettings
        #expect(settings == self.settings(self.file("main"), [self.first: .off], level: .warn, format: .json))
        #expect(settings.openDestinations == [self.file("main")])
        #expect(settings.destination(of: self.first) == .off)
        #expect(settings.destination(of: self.second) == self.file("main"))
    }

    // MARK: Destinations

    @Test func serversWithoutAFileOfTheirOwnShareTheMainOne() async throws {
        let logs = try Logs(self.settings(self.file("main"), [self.second: self.file("second")]))
        logs.main.logger.info("daemon")
        logs.log(of: self.first).logger.info("first")
        logs.log(of: self.second).logger.info("second")
        logs.log(of: self.second).write(.stored) { .testing() }
        await logs.close()
        #expect(self.messages("main") == ["daemon", "first"])
        #expect(self.messages("second") == ["second", "Message received"])
    }

    @Test func equalDestinationsHaveOneWriter() async throws {
        let file = self.file("log")
        let logs = try Logs(self.settings(file, [self.first: file, self.second: file]))
        let all = [logs.main, logs.log(of: self.first), logs.log(of: self.second)]
        for number in 0..<3_000 { all[number % 3].logger.info("\(number)") }
        await logs.close()
        // Several writers would mix up the order.
        #expect(self.messages("log") == (0..<3_000).map { "\($0)" })
    }

    @Test func offIsSilentForEither() async throws {
        let logs = try Logs(self.settings(self.file("main"), [self.first: .off]))
        logs.log(of: self.first).logger.critical("unheard")
        logs.log(of: self.first).write(.failed) { .testing(.failed) }
        logs.main.logger.info("heard")
        await logs.close()
        let others = try Logs(self.settings(.off, [self.first: self.file("first")]))
        others.main.logger.critical("unheard")
        others.log(of: self.second).logger.critical("unheard")
        others.log(of: self.first).logger.info("heard")
        await others.close()
        #expect(self.messages("main") == ["heard"])
        #expect(self.messages("first") == ["heard"])
    }

    @Test func nothingIsWrittenAfterClose() async throws {
        let logs = try Logs(self.settings(self.file("log")))
        logs.main.logger.info("before")
        let change = try logs.prepare(self.settings(self.file("other")))
        await logs.close()
        logs.adopt(change)
        logs.main.logger.critical("after")
        logs.log(of: self.first).logger.critical("after")
        #expect(await logs.reopen().isEmpty)
        await logs.close()
        #expect(self.messages("log") == ["before"])
        #expect(self.messages("other") == [])
    }

    @Test func fileThatCannotBeOpenedIsNamed() throws {
        let error = #expect(throws: LogFileError.self) {
            _ = try Logs(self.settings(.off, [self.first: self.file("missing/log")]))
        }
        #expect(error?.path == self.directory.path("missing/log"))
    }

    // MARK: Levels

    @Test func recordsBelowTheLevelAreNotWritten() async throws {
        let logs = try Logs(self.settings(self.file("log"), level: .warn))
        logs.main.write(.stored) { .testing(.stored) }
        logs.main.write(.failed) { .testing(.failed) }
        logs.adopt(try logs.prepare(self.settings(self.file("log"), level: .error)))
        logs.main.write(.failed) { .testing(.failed) }
        await logs.close()
        #expect(self.directory.lines("log")?.count == 1)
        #expect(self.directory.lines("log")?.first?.contains("smtp.verdict=failed") == true)
    }

    @Test func loggersHandedOutLongAgoFollowTheLevel() async throws {
        let logs = try Logs(self.settings(self.file("log"), level: .info))
        var logger = logs.main.logger
        logger[metadataKey: "old"] = "yes"
        let server = logs.log(of: self.first).logger
        logger.debug("1")
        logs.adopt(try logs.prepare(self.settings(self.file("log"), level: .trace)))
        logger.debug("2")
        server.trace("3")
        logs.adopt(try logs.prepare(self.settings(self.file("log"), level: .error)))
        logger.warning("4")
        server.error("5")
        await logs.close()
        #expect(self.messages("log") == ["log level changed to [trace]", "2", "3", "5"])
    }

    @Test func aRecordThatNobodyReadsIsNotMade() async throws {
        let made = Mutex<[MessageRecord.Outcome]>([])
        func write(_ log: Log) {
            for outcome in [MessageRecord.Outcome.stored, .failed] {
                log.write(outcome) {
                    made.withLock { $0.append(outcome) }
                    return .testing(outcome)
                }
            }
        }
        let logs = try Logs(self.settings(.off, [self.first: self.file("log")], level: .warn))
        write(logs.main)
        #expect(made.withLock { $0 } == [])
        write(logs.log(of: self.first))
        #expect(made.withLock { $0 } == [.failed])
        await logs.close()
    }

    // MARK: Changes

    @Test func changeSwitchesEveryHandleAndLosesNothing() async throws {
        let logs = try Logs(self.settings(self.file("a"), [self.second: self.file("b")]))
        let loggers = [logs.main.logger, logs.log(of: self.first).logger, logs.log(of: self.second).logger]
        for logger in loggers { logger.info("before") }
        // The second server loses its log, the first one gets one.
        let change = try logs.prepare(self.settings(self.file("c"), [self.first: self.file("d")]))
        for logger in loggers { logger.info("prepared") }
        logs.adopt(change)
        for logger in loggers { logger.info("after") }
        await logs.close()
        #expect(self.messages("a") == ["before", "before", "prepared", "prepared"])
        #expect(self.messages("b") == ["before", "prepared"])
        let main = "main log for new clients changed to [\(self.directory.path("c"))]"
        #expect(self.messages("c") == [main, "after", "after"])
        #expect(self.messages("d") == ["after"])
        #expect(self.messages("a")?.count == 4)
    }

    @Test func logOfAServerThatIsGoneIsKeptAsLongAsSomebodyWritesToIt() async throws {
        let logs = try Logs(self.settings(self.file("main"), [self.first: self.file("own")]))
        var log: Log? = logs.log(of: self.first)
        weak let output = log?.output
        logs.adopt(try logs.prepare(self.settings(self.file("main"))))
        log?.logger.info("after")
        #expect(output != nil)
        log = nil
        #expect(output == nil)
        #expect(await logs.reopen().isEmpty)
        await logs.close()
        #expect(self.messages("own") == [])
        // Nothing is said of a server that is not there.
        #expect(self.messages("main") == ["after", "re-opened main log file [\(self.directory.path("main"))]"])
    }

    @Test func changeThatCannotBeOpenedChangesNothing() async throws {
        let logs = try Logs(self.settings(self.file("log")))
        #expect(throws: LogFileError.self) { _ = try logs.prepare(self.settings(self.file("missing/log"))) }
        logs.main.logger.info("still here")
        await logs.close()
        #expect(self.messages("log") == ["still here"])
    }

    @Test func changeThatIsNotAdoptedClosesItsFiles() async throws {
        #expect(mkfifo(self.directory.path("pipe"), 0o600) == 0)
        let reader = open(self.directory.path("pipe"), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        let logs = try Logs(self.settings(self.file("log")))
        var change: Logs.Change? = try logs.prepare(self.settings(self.file("pipe")))
        var octet: UInt8 = 0
        // A pipe with a writer is empty, one without is at its end.
        #expect(read(reader, &octet, 1) == -1 && errno == EAGAIN)
        #expect(change != nil)
        change = nil
        #expect(read(reader, &octet, 1) == 0)
        await logs.close()
    }

    @Test func formatChangesBetweenTwoLines() async throws {
        let logs = try Logs(self.settings(self.file("log")))
        for number in 0..<1_000 { logs.main.logger.info("\(number)") }
        logs.adopt(try logs.prepare(self.settings(self.file("log"), format: .json)))
        for number in 1_000..<2_000 { logs.main.logger.info("\(number)") }
        await logs.close()
        let lines = try #require(self.directory.lines("log"))
        #expect(lines.count == 2_000)
        #expect(lines.prefix(1_000).allSatisfy { $0.hasPrefix("time=") })
        #expect(lines.dropFirst(1_000).allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
    }

    /// Threads that never stop logging while everything changes behind them.
    @Test func nothingIsLostOrDoubledWhileDestinationsChange() async throws {
        let logs = try Logs(self.settings(self.file("0")))
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            let isOver = Flag()
            for name in 0..<3 {
                let log = name == 0 ? logs.main : logs.log(of: self.first)
                group.addTask {
                    var count = 0
                    while !isOver.isSet {
                        log.logger.info("\(name) \(count)")
                        count += 1
                        // So slow that the queue does not run over.
                        if count % 100 == 0 { try await Task.sleep(for: .milliseconds(1)) }
                    }
                    return count
                }
            }
            for round in 1...30 {
                let isShared = round % 2 == 0
                let servers = [self.first: self.file(isShared ? "\(round)" : "server \(round)")]
                logs.adopt(try logs.prepare(self.settings(self.file("\(round)"), servers)))
                for name in self.directory.contents where !name.hasSuffix(".old") {
                    try #require(rename(self.directory.path(name), self.directory.path("\(name) \(round).old")) == 0)
                }
                #expect(await logs.reopen().isEmpty)
            }
            isOver.set()
            return try await group.reduce(into: 0) { $0 += $1 }
        }
        await logs.close()
        let files = self.directory.contents.compactMap { self.messages($0) }
        let messages = files.joined().filter { $0.split(separator: " ").count == 2 }
        #expect(messages.count == counts)
        #expect(Set(messages).count == counts)
    }

    // MARK: Reopening

    @Test func reopenedFileIsANewOne() async throws {
        let logs = try Logs(self.settings(self.file("log"), [self.first: self.file("first")]))
        let server = logs.log(of: self.first).logger
        for number in 0..<1_000 { logs.main.logger.info("\(number)") }
        server.info("before")
        for name in ["log", "first"] {
            #expect(rename(self.directory.path(name), self.directory.path("\(name).1")) == 0)
        }
        logs.main.logger.info("between")
        #expect(await logs.reopen().isEmpty)
        logs.main.logger.info("after")
        server.info("after")
        await logs.close()
        #expect(self.messages("log.1") == (0..<1_000).map { "\($0)" } + ["between"])
        #expect(self.messages("first.1") == ["before"])
        #expect(self.messages("log") == ["re-opened main log file [\(self.directory.path("log"))]", "after"])
        let first = "Server [127.0.0.1:25] re-opened log file [\(self.directory.path("first"))]"
        #expect(self.messages("first") == [first, "after"])
    }

    @Test func fileThatCannotBeReopenedStays() async throws {
        #expect(mkdir(self.directory.path("logs"), 0o755) == 0)
        let logs = try Logs(self.settings(self.file("logs/log")))
        logs.main.logger.info("before")
        #expect(rename(self.directory.path("logs"), self.directory.path("moved")) == 0)
        let errors = await logs.reopen()
        #expect(errors.map(\.path) == [self.directory.path("logs/log")])
        logs.main.logger.info("after")
        await logs.close()
        let lines = try #require(self.directory.lines("moved/log"))
        #expect(lines.count == 3)
        #expect(lines.dropFirst().first?.contains(" level=error msg=\"main log file [") == true)
        #expect(lines.dropFirst().first?.contains("No such file or directory") == true)
    }

    @Test func standardErrorIsNotReopened() async throws {
        let logs = try Logs(self.settings(.standardError, level: .error))
        #expect(await logs.reopen().isEmpty)
        await logs.close()
    }

    // MARK: An application's logger

    @Test func applicationsLoggerGetsWhatTheMainLogWouldGet() async throws {
        let logs = try Logs(self.settings(self.file("log"), [self.second: self.file("second")]))
        let handler = RecordingLogHandler()
        let main = logs.main
        main.logger.info("before")
        logs.setLogger(Logger(label: "app") { _ in handler })
        main.logger.info("Hello", metadata: ["a": "1"])
        main.logger.debug("unheard")
        logs.log(of: self.first).write(.stored) { .testing(recipients: ["bob"]) }
        logs.log(of: self.second).logger.info("elsewhere")
        logs.setLogger(nil)
        main.logger.info("after")
        await logs.close()
        #expect(self.messages("log") == ["before", "after"])
        #expect(self.messages("second") == ["elsewhere"])
        let events = handler.events.withLock { $0 }
        #expect(events.map(\.message) == ["Hello", "Message received"])
        #expect(events.first?.metadata == ["a": "1"])
        #expect(events.last?.metadata["smtp.queued_id"] == "7f3a09")
        #expect(events.last?.metadata["smtp.to"] == ["<bob@example.com>"])
        #expect(events.last?.metadata["smtp.size"] == "2048")
    }

    @Test func applicationsLoggerIsHeardWhereTheLogIsOff() async throws {
        let logs = try Logs(self.settings(.off))
        let handler = RecordingLogHandler()
        logs.setLogger(Logger(label: "app") { _ in handler })
        logs.main.logger.info("Hello")
        await logs.close()
        logs.main.logger.info("after")
        #expect(handler.events.withLock { $0.map(\.message) } == ["Hello"])
    }
}

/// Keeps what is logged.
private final class RecordingLogHandler: LogHandler {
    let events = Mutex<[(message: String, metadata: Logger.Metadata)]>([])
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        self.events.withLock { $0.append((event.message.description, event.metadata ?? [:])) }
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { self.value.load(ordering: .relaxed) }

    func set() { self.value.store(true, ordering: .relaxed) }
}
