import NIOCore

/// A handler that has a connection in its hands.
protocol ConnectionHandler: AnyObject {
    /// Lets a message in hand be finished, or closes at once.
    func shutDown()
    /// Ends the connection in whatever state it is, and logs what is lost with it.
    /// - Returns: False when its client has already been sent away.
    func cutOff() -> Bool
    /// Whether a question to the backend has not been answered yet.
    var owesVerdict: Bool { get }
    /// Gives that question up. What waits in a queue is withdrawn; what may have an effect already goes on.
    func abandonVerdict()
}

extension ConnectionHandler {
    var owesVerdict: Bool { false }

    func abandonVerdict() {}
}

/// The open connections of one server on one event loop, so that they can be told to finish.
///
/// Confined to its loop.
final class ConnectionRegistry {
    private var handlers: [ObjectIdentifier: any ConnectionHandler] = [:]
    /// Those whose client has gone before the verdict: that cancels nothing.
    private var owing: [ObjectIdentifier: any ConnectionHandler] = [:]
    private var isShuttingDown = false

    func add(_ handler: any ConnectionHandler) {
        self.handlers[ObjectIdentifier(handler)] = handler
        // Accepted just before the listener was closed.
        if self.isShuttingDown { handler.shutDown() }
    }

    func remove(_ handler: any ConnectionHandler) {
        self.handlers[ObjectIdentifier(handler)] = nil
    }

    func addVerdict(owedBy handler: any ConnectionHandler) {
        self.owing[ObjectIdentifier(handler)] = handler
    }

    /// - Returns: False if that is not waited for any more.
    func removeVerdict(owedBy handler: any ConnectionHandler) -> Bool {
        self.owing.removeValue(forKey: ObjectIdentifier(handler)) != nil
    }

    /// Gives up the verdicts owed to those who have gone.
    /// - Returns: How many.
    func abandonVerdicts() -> Int {
        defer { self.owing = [:] }
        for handler in self.owing.values { handler.abandonVerdict() }
        return self.owing.count
    }

    /// Lets messages in hand be finished and sends everybody else away.
    func shutDown() {
        self.isShuttingDown = true
        for handler in self.handlers.values { handler.shutDown() }
    }

    /// Cuts off whoever is left.
    /// - Returns: How many had not been sent away before.
    func closeAll() -> Int {
        self.handlers.values.count { $0.cutOff() }
    }
}

@available(*, unavailable)
extension ConnectionRegistry: Sendable {}
