public import NIOCore
import Synchronization

/// Runs tasks on one event loop, so that a chain that never blocks never leaves its connection's thread.
///
/// Each hop to another thread and back costs 10 to 13 µs; a job enqueued here from the loop itself costs next to
/// nothing.
///
/// A loop that was shut down drops what it is given. So tell ``shutdown()`` before that: jobs enqueued afterwards run on Swift's
/// global executor, and no task is left in the middle.
public final class EventLoopTaskExecutor: TaskExecutor {
    /// The loop that jobs run on.
    public let eventLoop: any EventLoop
    private let isShutDown = Mutex(false)

    /// Creates an executor for `eventLoop`.
    public init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Runs the job in the loop's next turn, or on the global executor after ``shutdown()``.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // A loop that runs us runs this, too, also while it ends.
        if self.eventLoop.inEventLoop { return self.execute(job) }
        // Under the lock: the loop must not end between the question and the job.
        let isTaken = self.isShutDown.withLock { isShutDown in
            if !isShutDown { self.execute(job) }
            return !isShutDown
        }
        if !isTaken { globalConcurrentExecutor.enqueue(job) }
    }

    private func execute(_ job: UnownedJob) {
        self.eventLoop.execute {
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }

    /// Gives the loop no more jobs from other threads. Does nothing the second time.
    public func shutdown() {
        self.isShutDown.withLock { $0 = true }
    }
}
