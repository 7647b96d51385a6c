import GuerrillaBackend
import GuerrillaMail
import Synchronization
import Testing

struct GatewayTests {
    final class CountingBackend: Backend {
        private let counts = Mutex((starts: 0, installations: 0, shutdowns: 0))
        let failsAtStart: Bool
        var starts: Int { self.counts.withLock { $0.starts } }
        var installations: Int { self.counts.withLock { $0.installations } }
        var shutdowns: Int { self.counts.withLock { $0.shutdowns } }

        init(failsAtStart: Bool = false) {
            self.failsAtStart = failsAtStart
        }

        var validatesRecipients: Bool { false }

        struct Failure: Error {}

        func start() async throws {
            self.counts.withLock { $0.starts += 1 }
            if self.failsAtStart { throw Failure() }
        }

        func wasPutInForce() {
            self.counts.withLock { $0.installations += 1 }
        }

        func save(_ envelope: inout Envelope) async throws -> SaveVerdict { .discarded }

        func validate(_ recipient: Recipient, in envelope: borrowing Envelope) async throws -> RecipientVerdict {
            .accepted
        }

        func shutdown(deadline: ContinuousClock.Instant) async {
            self.counts.withLock { $0.shutdowns += 1 }
        }
    }

    @Test func thereIsNoLeaseWithoutABackend() async throws {
        let gateway = Gateway()
        #expect(gateway.lease() == nil)
        try await gateway.start(CountingBackend())
        #expect(gateway.lease() != nil)
        await gateway.shutdown(deadline: .now)
        #expect(gateway.lease() == nil)
    }

    @Test func aBackendThatDoesNotStartLeavesThePresentOneInPlace() async throws {
        let gateway = Gateway()
        let present = CountingBackend()
        let failing = CountingBackend(failsAtStart: true)
        try await gateway.start(present)
        await #expect(throws: CountingBackend.Failure.self) { try await gateway.start(failing) }
        #expect(present.installations == 1 && failing.installations == 0)
        #expect(gateway.lease()?.backend as? CountingBackend === present)
        #expect(present.shutdowns == 0)
    }

    @Test func shutdownWaitsForTheLastLease() async throws {
        let gateway = Gateway()
        let backend = CountingBackend()
        try await gateway.start(backend)
        var lease = gateway.lease()
        let stopping = Task { await gateway.shutdown(deadline: .now + .seconds(60)) }
        while gateway.lease() != nil { await Task.yield() }
        #expect(backend.shutdowns == 0)
        #expect(lease != nil)
        lease = nil
        await stopping.value
        #expect(backend.shutdowns == 1)
    }

    /// A store that hangs must not keep the daemon from its end because it was replaced.
    @Test(.timeLimit(.minutes(5))) func theDeadlineOfAShutdownIsThatOfFormerBackendsToo() async throws {
        let gateway = Gateway()
        let former = CountingBackend()
        try await gateway.start(former)
        let lease = gateway.lease()
        let ending = try await gateway.start(CountingBackend(), drainDeadline: .seconds(86_400))
        await gateway.shutdown(deadline: .now)
        await ending?.value
        #expect(former.shutdowns == 1)
        #expect(lease != nil)
    }

    @Test func shutdownDoesNotWaitBeyondItsDeadline() async throws {
        let gateway = Gateway()
        let backend = CountingBackend()
        try await gateway.start(backend)
        let lease = gateway.lease()
        await gateway.shutdown(deadline: .now + .milliseconds(20))
        #expect(backend.shutdowns == 1)
        #expect(lease != nil)
    }
}
