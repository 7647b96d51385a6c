import NIOCore

/// A handler that has a connection in its hands.
protocol ConnectionHandler: AnyObject {
    /// Lets a message in hand be finished, or closes at once.
    func shutDown()
    /// Ends the connection in whatever state it is, and logs what is lost with it.
    /// - Returns: False when its client has already been sent away.
    func cutOff() -> Bool
}

/// The open connections of one server on one event loop, so that they can be told to finish.
///
/// Confined to its loop.
final class ConnectionRegistry {
    private var handlers: [ObjectIdentifier: any ConnectionHandler] = [:]
    private var isShuttingDown = false

    func add(_ handler: any ConnectionHandler) {
        self.handlers[ObjectIdentifier(handler)] = handler
        // Accepted just before the listener was closed.
        if self.isShuttingDown { handler.shutDown() }
    }

    func remove(_ handler: any ConnectionHandler) {
        self.handlers[ObjectIdentifier(handler)] = nil
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
