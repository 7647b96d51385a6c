import GuerrillaMail
import NIOCore
import Testing

@testable import GuerrillaServer

struct ClientLimiterTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let one = ClientLimiter.Group.v4(1)
    private let two = ClientLimiter.Group.v4(2)

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false), ("192.0.2.1", "::ffff:192.0.2.1", true),
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::", true), ("2001:db8:1:2::3", "2001:db8:1:3::3", false),
    ])
    func addressesAreGrouped(_ first: String, _ second: String, _ areOne: Bool) throws {
        let groups = try [first, second].map { ClientLimiter.Group(try #require(IPAddress($0))) }
        #expect((groups[0] == groups[1]) == areOne)
    }

    @Test func clientsAreCountedPerAddress() {
        var limiter = ClientLimiter()
        #expect(limiter.admit(self.one, maximumClients: 2, rate: nil, at: self.start) == nil)
        #expect(limiter.admit(self.one, maximumClients: 2, rate: nil, at: self.start) == nil)
        #expect(limiter.admit(self.one, maximumClients: 2, rate: nil, at: self.start) == .tooManyClients)
        #expect(limiter.admit(self.two, maximumClients: 2, rate: nil, at: self.start) == nil)
        limiter.release(self.one, at: self.start)
        #expect(limiter.admit(self.one, maximumClients: 2, rate: nil, at: self.start) == nil)
        for group in [self.one, self.one, self.two] { limiter.release(group, at: self.start) }
        #expect(limiter.count == 0)
    }

    @Test func theRateComesBackEvenly() {
        var limiter = ClientLimiter()
        func connect(after delay: TimeAmount) -> ClientLimiter.Refusal? {
            let now = self.start + delay
            let refusal = limiter.admit(self.one, maximumClients: nil, rate: 3, at: now)
            if refusal == nil { limiter.release(self.one, at: now) }
            return refusal
        }
        #expect((0..<5).map { _ in connect(after: .zero) } == [nil, nil, nil, .connectsTooOften, .connectsTooOften])
        #expect(connect(after: .seconds(19)) == .connectsTooOften)
        #expect(connect(after: .seconds(20)) == nil)
        #expect(connect(after: .seconds(21)) == .connectsTooOften)
        #expect(connect(after: .seconds(60)) == nil)
        #expect(connect(after: .seconds(60)) == nil)
        #expect(connect(after: .seconds(60)) == .connectsTooOften)
        #expect(connect(after: .hours(1)) == nil)
        #expect(limiter.admit(self.two, maximumClients: nil, rate: 3, at: self.start) == nil)
    }

    @Test func extremeRatesAreNoTrouble() {
        var limiter = ClientLimiter()
        for (number, rate) in [Int.max, 0, -1].enumerated() {
            #expect(limiter.admit(.v4(UInt32(number)), maximumClients: nil, rate: rate, at: self.start) == nil)
        }
    }

    @Test func releasesThatBelongToNothingAreIgnored() {
        var limiter = ClientLimiter()
        limiter.release(self.one, at: self.start)
        #expect(limiter.count == 0)
    }

    @Test func aFloodOfAddressesDoesNotFillTheTable() {
        var limiter = ClientLimiter(capacity: 100)
        #expect(limiter.admit(self.one, maximumClients: 1, rate: 1, at: self.start) == nil)
        for number in 100..<10_000 {
            let group = ClientLimiter.Group.v6(UInt64(number))
            #expect(limiter.admit(group, maximumClients: 1, rate: 1, at: self.start) == nil)
            limiter.release(group, at: self.start)
            #expect(limiter.count <= 100)
        }
        // Whoever is connected is not forgotten.
        #expect(limiter.admit(self.one, maximumClients: 1, rate: nil, at: self.start) == .tooManyClients)
    }

    /// Many that are connected leave less room for the others, not more.
    @Test func connectedAddressesDoNotRaiseTheBound() {
        var limiter = ClientLimiter(capacity: 100)
        for number in 0..<70 {
            #expect(limiter.admit(.v6(UInt64(number)), maximumClients: 1, rate: nil, at: self.start) == nil)
        }
        for number in 100..<1_000 {
            let group = ClientLimiter.Group.v6(UInt64(number))
            #expect(limiter.admit(group, maximumClients: 1, rate: 1, at: self.start) == nil)
            limiter.release(group, at: self.start)
            #expect(limiter.count <= 100)
        }
    }

    @Test func whoseTimeHasPassedGoesFirst() {
        var limiter = ClientLimiter(capacity: 100)
        for number in 0..<99 {
            _ = limiter.admit(.v6(UInt64(number)), maximumClients: nil, rate: 60, at: self.start)
            limiter.release(.v6(UInt64(number)), at: self.start)
        }
        let later = self.start + .seconds(30)
        for _ in 0..<60 {
            _ = limiter.admit(self.one, maximumClients: nil, rate: 60, at: later)
            limiter.release(self.one, at: later)
        }
        #expect(limiter.count == 100)
        #expect(limiter.admit(self.two, maximumClients: nil, rate: 60, at: later) == nil)
        #expect(limiter.count == 2)
        #expect(limiter.admit(self.one, maximumClients: nil, rate: 60, at: later) == .connectsTooOften)
    }

    @Test func moreConnectedAddressesThanThereIsRoomFor() {
        var limiter = ClientLimiter(capacity: 10)
        for number in 0..<1_000 {
            #expect(limiter.admit(.v6(UInt64(number)), maximumClients: 1, rate: nil, at: self.start) == nil)
        }
        #expect(limiter.count == 1_000)
        for number in 0..<1_000 { limiter.release(.v6(UInt64(number)), at: self.start) }
        #expect(limiter.count == 0)
    }
}
