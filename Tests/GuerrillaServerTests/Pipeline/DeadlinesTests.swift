import GuerrillaSMTP
import NIOCore
import Testing

@testable import GuerrillaServer

struct DeadlinesTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func makeDeadlines(minimumDataRate: Int = 0) -> Deadlines {
        let settings = ServerSettings.testing {
            $0.connection.commandTimeout = .seconds(30)
            $0.connection.dataTimeout = .seconds(20)
            $0.connection.messageTimeout = .seconds(100)
            $0.connection.sessionTimeout = .seconds(1_000)
            $0.connection.minimumDataRate = minimumDataRate
        }
        return Deadlines(settings: settings, now: Self.start)
    }

    @Test func aCommandHasItsTimeFromTheLastReply() {
        var deadlines = self.makeDeadlines()
        deadlines.burstBegan(at: Self.start + .seconds(10))
        deadlines.replySent()
        for seconds: Int64 in [20, 39] {
            deadlines.burstBegan(at: Self.start + .seconds(seconds))
            deadlines.octetsArrived(1)
            deadlines.sessionAdvanced(waitingFor: .command, message: nil)
            #expect(deadlines.expired(waitingFor: .command) == nil)
        }
        deadlines.burstBegan(at: Self.start + .seconds(40))
        #expect(deadlines.expired(waitingFor: .command) == .peer)
    }

    @Test func octetsOfAMessageBuyTimeUntilMessageTimeout() {
        var deadlines = self.makeDeadlines()
        for seconds: Int64 in stride(from: 0, through: 95, by: 19) {
            deadlines.burstBegan(at: Self.start + .seconds(seconds))
            #expect(deadlines.expired(waitingFor: .data) == nil)
            deadlines.sessionAdvanced(waitingFor: .data, message: 1)
        }
        deadlines.burstBegan(at: Self.start + .seconds(100))
        #expect(deadlines.expired(waitingFor: .data) == .peer)
    }

    @Test func messageTimeoutHoldsBetweenChunks() {
        var deadlines = self.makeDeadlines()
        for seconds: Int64 in stride(from: 0, through: 95, by: 19) {
            deadlines.burstBegan(at: Self.start + .seconds(seconds))
            #expect(deadlines.expired(waitingFor: .command) == nil)
            deadlines.replySent()
            deadlines.sessionAdvanced(waitingFor: .command, message: 1)
        }
        deadlines.burstBegan(at: Self.start + .seconds(100))
        #expect(deadlines.expired(waitingFor: .command) == .peer)
    }

    @Test func theRateHoldsBetweenChunks() {
        var deadlines = self.makeDeadlines(minimumDataRate: 100)
        deadlines.octetsArrived(5_000)
        deadlines.replySent()
        deadlines.sessionAdvanced(waitingFor: .command, message: 1)
        deadlines.burstBegan(at: Self.start + .seconds(9))
        deadlines.octetsArrived(999)
        deadlines.replySent()
        deadlines.sessionAdvanced(waitingFor: .command, message: 1)
        deadlines.burstBegan(at: Self.start + .seconds(10))
        #expect(deadlines.expired(waitingFor: .command) == .dataRate)
    }

    /// Also a chunk that nobody wants: it does not have the time of a message long ago.
    @Test func everyMessageHasItsOwnTime() {
        var deadlines = self.makeDeadlines(minimumDataRate: 1)
        deadlines.sessionAdvanced(waitingFor: .data, message: 1)
        deadlines.burstBegan(at: Self.start + .seconds(5))
        deadlines.sessionAdvanced(waitingFor: .command, message: nil)
        deadlines.burstBegan(at: Self.start + .seconds(200))
        deadlines.replySent()
        #expect(deadlines.expired(waitingFor: .command) == nil)
        deadlines.sessionAdvanced(waitingFor: .data, message: 2)
        #expect(deadlines.expired(waitingFor: .data) == nil)
    }

    @Test func aPendingVerdictStopsThePeersClocks() {
        var deadlines = self.makeDeadlines(minimumDataRate: 1)
        deadlines.sessionAdvanced(waitingFor: .data, message: 1)
        deadlines.verdictPending(for: .seconds(2_000))
        deadlines.sessionAdvanced(waitingFor: .verdict, message: nil)
        deadlines.burstBegan(at: Self.start + .seconds(1_999))
        #expect(deadlines.expired(waitingFor: .verdict) == nil)
        deadlines.burstBegan(at: Self.start + .seconds(2_000))
        #expect(deadlines.expired(waitingFor: .verdict) == .verdict)
        deadlines.replySent()
        #expect(deadlines.expired(waitingFor: .command) == .session)
    }
}
