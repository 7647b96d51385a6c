import GuerrillaBackend
import GuerrillaMail

/// The end of the chain of a daemon that hands its messages to the application.
struct MessageHook: Processor {
    static let capabilities: ProcessorCapabilities = [.saves, .stores]

    let handler: @Sendable (Envelope) async throws -> Void

    /// Whoever writes a handler need not know of event loops: it runs where any task runs, and may block there.
    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        let message = envelope
        try await withTaskExecutorPreference(globalConcurrentExecutor) {
            // A chain that has not waited yet is still on the loop that it was begun on (`Task.immediate`), whatever it prefers.
            await Task.yield()
            try await self.handler(message)
        }
        return .stored
    }
}
