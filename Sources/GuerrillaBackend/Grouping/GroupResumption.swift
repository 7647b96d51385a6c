import NIOCore
import Synchronization

/// Tasks to resume together on one event loop.
///
/// The event loop drops the closure that holds this object when it has shut down; the deinitializer then resumes the
/// tasks. So each task is resumed exactly once, whatever becomes of the loop.
final class GroupResumption<Outcome: Sendable>: Sendable {
    typealias Entry = (continuation: CheckedContinuation<Outcome, any Error>, result: Result<Outcome, any Error>)

    private let entries: Mutex<[Entry]>

    private init(_ entries: [Entry]) {
        self.entries = Mutex(entries)
    }

    deinit {
        self.run()
    }

    private func run() {
        let entries = self.entries.withLock { entries in
            defer { entries = [] }
            return entries
        }
        for entry in entries {
            entry.continuation.resume(with: entry.result)
        }
    }

    /// Resumes each waiter with the result at its index: those of one event loop inside one `execute`, which wakes the loop
    /// once and lets their tasks be enqueued from the loop's own thread, the others directly.
    static func resume(
        _ waiters: some Collection<GroupWaiter<Outcome>>,
        with results: some Sequence<Result<Outcome, any Error>>
    ) {
        // There are as many event loops as cores: a linear search beats a dictionary.
        var groups: [(eventLoop: any EventLoop, entries: [Entry])] = []
        for (waiter, result) in zip(waiters, results) {
            guard let eventLoop = waiter.eventLoop else {
                waiter.continuation.resume(with: result)
                continue
            }
            if let index = groups.firstIndex(where: { $0.eventLoop === eventLoop }) {
                groups[index].entries.append((waiter.continuation, result))
            } else {
                groups.append((eventLoop, [(waiter.continuation, result)]))
            }
        }
        for (eventLoop, entries) in groups {
            let resumption = GroupResumption(entries)
            eventLoop.execute { resumption.run() }
        }
    }
}
