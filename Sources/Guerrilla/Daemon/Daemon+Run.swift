#if ServiceLifecycle
public import ServiceLifecycle

extension Daemon: Service {}
#endif

extension Daemon {
    /// Starts, and returns when the daemon has been shut down: by ``shutdown()``, because the task was cancelled, or because the service group
    /// that it runs in shuts down.
    ///
    /// - Throws: ``DaemonError`` if it does not start.
    public func run() async throws {
        do {
            try await self.start()
        } catch {
            if Task.isCancelled { return }
            throw error
        }
        await withTaskCancellationHandler {
            #if ServiceLifecycle
            await withGracefulShutdownHandler {
                await self.waitUntilStopped()
            } onGracefulShutdown: {
                Task { await self.shutdown() }
            }
            #else
            await self.waitUntilStopped()
            #endif
        } onCancel: {
            Task { await self.shutdown() }
        }
    }
}
