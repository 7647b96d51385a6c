import GuerrillaBackend
import Synchronization

/// A gate that closes in front of whoever passes, for tests that decide when a commit ends.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var hasVisitor = false
        var visitors: [CheckedContinuation<Void, Never>] = []
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Waits until the gate is opened.
    func pass() async {
        await withCheckedContinuation { continuation in
            var resumed = self.state.withLock { state in
                defer { state.watchers = [] }
                state.hasVisitor = true
                return state.watchers
            }
            let isOpen = self.state.withLock { state in
                if !state.isOpen { state.visitors.append(continuation) }
                return state.isOpen
            }
            if isOpen { resumed.append(continuation) }
            for continuation in resumed { continuation.resume() }
        }
    }

    /// Waits until somebody stands, or has stood, at the gate.
    func visited() async {
        await withCheckedContinuation { continuation in
            let visited = self.state.withLock { state in
                if !state.hasVisitor { state.watchers.append(continuation) }
                return state.hasVisitor
            }
            if visited { continuation.resume() }
        }
    }

    /// Lets everybody pass from now on.
    func open() {
        let visitors = self.state.withLock { state in
            defer { state.visitors = [] }
            state.isOpen = true
            return state.visitors
        }
        for continuation in visitors { continuation.resume() }
    }
}

/// A store of integers whose outcome is the item times 10, unless told otherwise.
final class FakeStore: GroupCommit {
    private let behaviour: @Sendable ([Int]) async throws -> [Int]
    private let calls = Mutex<[[Int]]>([])

    init(_ behaviour: @escaping @Sendable ([Int]) async throws -> [Int] = { $0.map { $0 * 10 } }) {
        self.behaviour = behaviour
    }

    /// The items of every commit so far, failed ones included.
    var batches: [[Int]] { self.calls.withLock { $0 } }

    func commit(_ items: [Int]) async throws -> [Int] {
        self.calls.withLock { $0.append(items) }
        return try await self.behaviour(items)
    }
}

struct PoisonError: Error, Equatable {
    var item = 0
}
