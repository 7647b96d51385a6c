import Testing

@testable import Guerrilla

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct OpenFileLimitTests {
    private var limits: rlimit {
        var limits = rlimit()
        getrlimit(CInt(RLIMIT_NOFILE.rawValue), &limits)
        return limits
    }

    /// The most that we may have; nil when there is no limit.
    private var hardLimit: Int? {
        Int(exactly: self.limits.rlim_max).flatMap { $0 == .max ? nil : $0 }
    }

    @Test func ourLimitIsRaisedAsFarAsItGoes() throws {
        try OpenFileLimit.raise(forClients: [], eventLoops: 2)
        #expect(self.limits.rlim_cur == self.limits.rlim_max)
    }

    @Test func clientsUpToTheLimitWithoutTheHeadroomAreFine() throws {
        let most = (self.hardLimit ?? .max) - OpenFileLimit.headroom(eventLoops: 2)
        try OpenFileLimit.raise(forClients: [most], eventLoops: 2)
        try OpenFileLimit.raise(forClients: [0, most - 1, 1], eventLoops: 2)
    }

    @Test func oneMoreIsToldWithAllNumbers() throws {
        guard let hardLimit = self.hardLimit else { return }
        let most = hardLimit - OpenFileLimit.headroom(eventLoops: 2)
        let error = #expect(throws: DaemonError.self) { try OpenFileLimit.raise(forClients: [most, 1], eventLoops: 2) }
        #expect(
            error?.description == "Combined max clients for all servers (\(most + 1)) is greater than open file "
                + "limit (\(hardLimit), 64 of which are kept for listeners, stores and logs). Please increase your open file limit (the hard one: `ulimit -Hn`; LimitNOFILE= of a "
                + "systemd unit, `nofile` in /etc/security/limits.conf) or decrease max clients."
        )
    }

    @Test(arguments: [[Int.max], [.max, 1], [1, .max], [.max, .max, .max], [.max / 2 + 1, .max / 2 + 1]])
    func sumThatOverflowsIsOverTheLimit(clients: [Int]) throws {
        guard self.hardLimit != nil else { return }
        let error = #expect(throws: DaemonError.self) { try OpenFileLimit.raise(forClients: clients, eventLoops: 2) }
        #expect(error?.description.contains("(\(Int.max))") == true)
    }

    @Test func memoryOfTheMachineIsKnown() {
        #expect(PhysicalMemory.octets > 1 << 26)
    }
}
