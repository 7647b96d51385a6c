import GuerrillaSMTP
import InMemoryLogging
import Logging
import Testing

@testable import GuerrillaBackend

@Suite struct OutageTests {
    private let begin = ContinuousClock.now

    @Test func aChangeIsToldOnce() {
        var outage = Outage<String>()
        let beforeAnything = outage.worked(calm: .zero, now: self.begin)
        #expect(beforeAnything == nil)
        let told = ["refused", "refused", "full", "full"].map { outage.failed($0, now: self.begin) }
        #expect(told == [true, false, true, false])
        outage.refused()
        outage.refused(2)
        let summary = outage.worked(calm: .zero, now: self.begin + .milliseconds(12_900))
        #expect(summary == Outage<String>.Summary(duration: .milliseconds(12_900), refused: 3))
        #expect(summary?.description == "after 12 s; 3 messages and recipients were told to come again")
        let again = outage.worked(calm: .zero, now: self.begin)
        #expect(again == nil)
        let next = outage.failed("refused", now: self.begin)
        #expect(next)
    }

    @Test func itIsOverWhenNothingHasFailedForAWhile() {
        var outage = Outage<String>()
        _ = outage.failed("full", now: self.begin)
        let early = outage.worked(calm: .seconds(1), now: self.begin + .milliseconds(500))
        _ = outage.failed("full", now: self.begin + .milliseconds(600))
        let late = outage.worked(calm: .seconds(1), now: self.begin + .milliseconds(1_500))
        #expect(early == nil)
        #expect(late == nil)
        // How long it was is known by the first success, not by the one that ends it.
        let summary = outage.worked(calm: .seconds(1), now: self.begin + .seconds(60))
        #expect(summary?.duration == .milliseconds(1_500))
    }
}

@Suite struct OutageLogTests {
    private let handler = InMemoryLogHandler()
    private let begin = ContinuousClock.now
    private var lines: [String] { self.handler.entries.map { "\($0.level) \($0.message)" } }

    private func log() -> OutageLog {
        OutageLog(place: "db at nowhere", logger: Logger(label: "test") { [handler = self.handler] _ in handler })
    }

    @Test func oneLineWhenItBeginsAndOneWhenItEnds() {
        let log = self.log()
        log.served(now: self.begin)
        for index in 0..<100 {
            let error = log.refuse(because: CommitFailure.store(GroupCommitError.full), now: self.begin)
            #expect(error.smtpReply == .localError)
            #expect(error.description == "the store cannot commit: too many messages wait for the store", "\(index)")
        }
        log.served(now: self.begin + .milliseconds(100))
        #expect(self.lines.count == 1)
        log.served(now: self.begin + .seconds(12))
        log.served(now: self.begin + .seconds(13))
        #expect(
            self.lines == [
                "error db at nowhere is away, messages wait at their senders: too many messages wait for the store",
                "notice db at nowhere is back after 0 s; 100 messages and recipients were told to come again",
            ]
        )
    }

    @Test func theReasonsReplyIsKept() {
        #expect(self.log().refuse(because: GroupCommitError.full).smtpReply == .storeBusy)
    }

    @Test func severalInARowAreAnOutage() {
        let log = self.log()
        for _ in 0..<10 {
            #expect(!(log.suspect(because: GroupCommitError.full) is OutageError))
            #expect(!(log.suspect(because: GroupCommitError.full) is OutageError))
            log.served()
        }
        #expect(self.lines.isEmpty)
        let errors = (0..<5).map { _ in log.suspect(because: GroupCommitError.full, now: self.begin) }
        #expect(errors.map { $0 is OutageError } == [false, false, true, true, true])
        #expect(self.lines.count == 1)
        log.served(now: self.begin + .seconds(1))
        #expect(
            self.lines.last
                == "notice db at nowhere is back after 1 s; 3 messages and recipients were told to come again"
        )
        #expect(!(log.suspect(because: GroupCommitError.full) is OutageError))
    }
}
