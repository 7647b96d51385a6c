import InMemoryLogging
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import GuerrillaServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct AcceptErrorHandlerTests {
    private let log = InMemoryLogHandler()
    private let channel = EmbeddedChannel()
    private let handler: AcceptErrorHandler

    init() throws {
        let logger = Logger(label: "test") { [log] _ in log }
        self.handler = AcceptErrorHandler { logger }
        try self.channel.pipeline.syncOperations.addHandler(self.handler)
    }

    private func fail(_ errnoCode: CInt) {
        self.channel.pipeline.fireErrorCaught(IOError(errnoCode: errnoCode, reason: "accept"))
    }

    /// What the channel was last told about reading; nil if nothing.
    private var isReading: Bool? { self.channel.options.compactMap { $0.value as? Bool }.last }

    @Test(arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
    func whenSomethingRunsOutNobodyIsAcceptedForASecond(_ errnoCode: CInt) {
        self.fail(errnoCode)
        self.fail(errnoCode)
        #expect(self.isReading == false)
        self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
        #expect(self.isReading == false)
        self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(self.isReading == true)
        self.fail(errnoCode)
        #expect(self.isReading == false)
    }

    @Test func theLogIsToldAtOnceAndThenOnceAMinuteHowOften() {
        for _ in 0..<61 {
            self.fail(EMFILE)
            self.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        }
        #expect(self.log.entries.map(\.level) == [.error, .error])
        #expect(self.log.entries.allSatisfy { "\($0.message)".hasPrefix("Out of open files") })
        #expect(self.log.entries.map { $0.metadata["failures"] } == ["1", "60"])
    }

    @Test func clientsThatHaveGoneAgainAreNobodysTrouble() {
        self.fail(ECONNABORTED)
        #expect(self.isReading == nil)
        #expect(self.log.entries.isEmpty)
    }

    @Test func anErrorOfAnotherKindIsTold() {
        self.fail(EPERM)
        #expect(self.isReading == nil)
        #expect(self.log.entries.map(\.message) == ["A connection could not be accepted"])
    }

    @Test func nothingIsResumedOnceItHasStopped() {
        self.fail(EMFILE)
        self.handler.stop()
        self.fail(EMFILE)
        self.channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(self.isReading == false)
    }
}
