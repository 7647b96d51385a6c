import InMemoryLogging
import Logging
import Testing

@testable import GuerrillaRedis

struct RedisStateLogTests {
    private let handler = InMemoryLogHandler()
    private var log: RedisStateLog { RedisStateLog(Logger(label: "test") { _ in self.handler }) }
    private var lines: [String] { self.handler.entries.map { "\($0.level) \($0.metadata["error"] ?? "-")" } }
    private static let server = RedisEndpoint.tcp(host: "a", port: 1)

    @Test func onlyChangesAreTold() {
        let log = self.log
        log.accepted(Self.server)
        log.connected(Self.server)
        for _ in 0..<100 { log.failed(Self.server, .timedOut) }
        for number in 0..<100 { log.failed(Self.server, .unreachable("reason \(number)")) }
        log.connected(Self.server)
        log.connected(Self.server)
        #expect(self.lines == ["error no answer in time", "error no connection: reason 0", "notice -"])
    }

    @Test func aRefusalIsOverWhenNothingWasRefusedForASecond() {
        let log = self.log
        let begin = ContinuousClock.now
        log.failed(Self.server, .refused(code: "OOM"), now: begin)
        log.connected(Self.server)
        log.accepted(Self.server, now: begin + .milliseconds(999))
        #expect(self.lines.count == 1)
        log.failed(Self.server, .refused(code: "OOM"), now: begin + .milliseconds(1_500))
        log.accepted(Self.server, now: begin + .milliseconds(2_400))
        #expect(self.lines == ["error the server answers OOM"])
        log.accepted(Self.server, now: begin + .milliseconds(2_500))
        #expect(self.lines == ["error the server answers OOM", "notice -"])
    }

    @Test func nothingIsToldBeforeMessagesCome() {
        let log = RedisStateLog(Logger(label: "test") { _ in self.handler }, isHeard: false)
        let other = RedisEndpoint.tcp(host: "b", port: 1)
        log.failed(Self.server, .timedOut)
        log.failed(other, .timedOut)
        log.connected(other)
        #expect(self.lines.isEmpty)
        log.begin()
        log.failed(Self.server, .timedOut)
        log.connected(Self.server)
        #expect(self.lines == ["error no answer in time", "notice -"])
    }

    @Test func theEndSaysHowLongItWasAndWhatItHasCost() {
        let log = self.log
        let begin = ContinuousClock.now
        log.refused(7, by: Self.server)
        log.failed(Self.server, .timedOut, now: begin)
        log.refused(2, by: Self.server)
        log.failed(Self.server, .unreachable("refused"), now: begin + .seconds(5))
        log.refused(38, by: Self.server)
        log.connected(Self.server, now: begin + .milliseconds(12_345))
        let end = self.handler.entries.last
        #expect(end?.metadata["outage.seconds"] == "12")
        #expect(end?.metadata["outage.messages"] == "40")
    }

    @Test func serversAreToldApart() {
        let log = self.log
        log.failed(Self.server, .timedOut)
        log.failed(.tcp(host: "b", port: 1), .timedOut)
        log.forget(Self.server)
        log.connected(Self.server)
        #expect(self.lines.count == 2)
    }
}
