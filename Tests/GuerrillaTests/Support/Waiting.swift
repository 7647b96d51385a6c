import Dispatch
import Foundation
import GuerrillaTestSupport
import Synchronization

/// Runs what blocks on a thread of its own: threads of a pool might all be waiting for each other.
func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

/// Something that a test opens and others wait for.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var visitors: [CheckedContinuation<Void, Never>] = []
        var visits = 0
    }

    private let state = Mutex(State())

    /// How many have come to the gate so far.
    var visits: Int { self.state.withLock { $0.visits } }

    func open() {
        let visitors = self.state.withLock { state in
            state.isOpen = true
            defer { state.visitors = [] }
            return state.visitors
        }
        for visitor in visitors { visitor.resume() }
    }

    /// Waits without giving the thread away, as only a blocking client may.
    func passBlocking() {
        _ = blockUntil { self.state.withLock { $0.isOpen } }
    }

    func pass() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isOpen = self.state.withLock { state in
                state.visits += 1
                if !state.isOpen { state.visitors.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
