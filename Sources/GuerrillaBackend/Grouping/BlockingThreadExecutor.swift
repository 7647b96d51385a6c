import Dispatch
import NIOPosix

/// A task executor of few threads on which code may block: for stores whose client library is synchronous.
///
/// A ``GroupCommitter`` with such an executor runs its whole drain loop there, so that a blocking commit is a plain call
/// and not a hop to another thread and back (10–13 µs each way as measured).
///
/// Jobs enqueued after ``shutdown()``, and those still waiting for a thread then, run on Swift's global executor: none is
/// lost, but a commit that blocks would then block a thread of that pool. Shut down what uses the executor first.
public final class BlockingThreadExecutor: TaskExecutor {
    private let pool: NIOThreadPool

    /// Starts the threads.
    ///
    /// - Parameter threads: Number of threads, at least 1. One is right for a store with a single writer.
    public init(threads: Int = 1) {
        self.pool = NIOThreadPool(numberOfThreads: max(1, threads))
        self.pool.start()
    }

    deinit {
        // The last reference may go away on one of the pool's own threads, so this must not wait.
        self.pool.shutdownGracefully(queue: .global()) { _ in }
    }

    /// Runs the job on one of the threads, or on the global executor after ``shutdown()``.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = self.asUnownedTaskExecutor()
        self.pool.submit { state in
            switch state {
            case .active: job.runSynchronously(on: executor)
            case .cancelled: globalConcurrentExecutor.enqueue(job)
            }
        }
    }

    /// Ends the threads once they have finished the jobs they are running. Does nothing the second time.
    public func shutdown() async {
        await withCheckedContinuation { continuation in
            self.pool.shutdownGracefully(queue: .global()) { _ in continuation.resume() }
        }
    }
}
