import GuerrillaBackend
import GuerrillaMail

/// The end of the chain of a daemon that hands its messages to the application.
struct MessageHook: Processor {
    static let name = "onMessage"
    static let capabilities: ProcessorCapabilities = [.saves, .stores]

    let handler: @Sendable (Envelope) async throws -> Void

    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        try await self.handler(envelope)
        return .stored
    }
}
