#if ServiceLifecycle
public import ServiceLifecycle

extension Daemon: Service {}
#endif

extension Daemon {
    /// Starts, and returns when the daemon has been shut down: by ``shutdown()``, because the task was cancelled, or because the service group
    /// that it runs in shuts down. No signals are handled: that is for the service group, or the application.
    ///
    /// - Throws: ``DaemonError`` if it does not start.
    public func run() async throws {
        let wish = Interruption()
        let stop: @Sendable () -> Void = {
            wish.interrupt()
            Task { await self.shutdown() }
        }
        try await withTaskCancellationHandler {
            #if ServiceLifecycle
            try await withGracefulShutdownHandler {
                try await self.runUntil(wish)
            } onGracefulShutdown: {
                stop()
            }
            #else
            try await self.runUntil(wish)
            #endif
        } onCancel: {
            stop()
        }
    }

    private func runUntil(_ wish: Interruption) async throws {
        do {
            try await self.start()
        } catch {
            if wish.isInterrupted { return }
            throw error
        }
        if wish.isInterrupted {
            // It came before there was a start to give up.
            await self.shutdown()
        } else {
            await self.waitUntilStopped()
        }
    }
}
