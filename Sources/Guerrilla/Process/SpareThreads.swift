import Dispatch
import Synchronization

/// Threads that do nothing but to be there. When they end, others can be had in their place, where a user, a service or a container may
/// have no more than it has.
///
/// Dispatch, on which tasks run, starts threads when there is something to do, ends those that have nothing to do, and tries for ever to
/// get one that it cannot have. So what has to come about whatever happens, the end of the daemon, keeps some for itself.
package final class SpareThreads: Sendable {
    private let count: Int
    private let end = DispatchSemaphore(value: 0)
    private let running = DispatchGroup()
    private let isReleased = Atomic(false)

    /// Starts them.
    /// - Returns: Nil when the system has not so many; none stays then.
    package init?(_ count: Int) {
        var started = 0
        for _ in 0..<count {
            self.running.enter()
            let (end, running) = (self.end, self.running)
            let isThere = SystemThread.start {
                end.wait()
                running.leave()
            }
            guard isThere else {
                running.leave()
                break
            }
            started += 1
        }
        self.count = started
        if started < count {
            self.release()
            return nil
        }
    }

    deinit {
        self.release()
    }

    /// Ends them.
    package func release() {
        guard !self.isReleased.exchange(true, ordering: .relaxed) else { return }
        for _ in 0..<self.count { self.end.signal() }
        self.running.wait()
    }
}
