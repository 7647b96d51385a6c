/// Lets one caller in at a time, in the order they came. Part of one actor: an actor by itself lets others in at every `await`.
final class Turns {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Runs `body` when everybody who came before is done.
    func take<Result, Failure: Error>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        if self.isTaken {
            await withCheckedContinuation { self.waiting.append($0) }
        }
        self.isTaken = true
        defer {
            if self.waiting.isEmpty { self.isTaken = false } else { self.waiting.removeFirst().resume() }
        }
        return try await body()
    }
}
