import Synchronization

/// Something that was replaced and ends by itself.
final class Ending: Sendable {
    /// The server that ends, if it is one.
    let server: RunningServer?
    private let task: Mutex<Task<Void, Never>?> = Mutex(nil)

    init(of server: RunningServer? = nil, _ body: @escaping @Sendable () async -> Void) {
        self.server = server
        self.task.withLock { task in
            task = Task {
                await body()
                self.task.withLock { $0 = nil }
            }
        }
    }

    var isOver: Bool { self.task.withLock { $0 == nil } }

    func wait() async {
        await self.task.withLock { $0 }?.value
    }
}
