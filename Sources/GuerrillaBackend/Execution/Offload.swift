import NIOPosix
import Synchronization

/// The longest work, in nanoseconds, that is done here and now.
package let offloadThreshold = 131_072

/// Does work that computes for as long as its input is long: short work here and now, longer work on a thread of NIO's
/// pool, so that no event loop is held by it.
///
/// A hop to another thread and back costs 20 to 30 µs.
///
/// - Parameters:
///   - octets: Size of the input.
///   - nanosecondsPerOctet: What the work on one of them costs, at most. With the default up to 65,536 octets are worked on
///     at once.
///   - work: What to do. It must not wait for anything.
/// - Throws: What `work` throws, and `CancellationError` when the task was cancelled before the work began.
public func offload<Result: Sendable>(
    octets: Int,
    nanosecondsPerOctet: Int = 2,
    _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await offload(octets: octets, nanosecondsPerOctet: nanosecondsPerOctet) { (_: OffloadedWork) in try work() }
}

/// Does work that computes for as long as its input is long, and that asks now and then whether it is still wanted.
///
/// - Parameters:
///   - octets: Size of the input.
///   - nanosecondsPerOctet: What the work on one of them costs, at most.
///   - work: What to do. It must not wait for anything.
/// - Throws: What `work` throws, and `CancellationError` when the task was cancelled before the work began.
public func offload<Result: Sendable>(
    octets: Int,
    nanosecondsPerOctet: Int = 2,
    _ work: @escaping @Sendable (OffloadedWork) throws -> Result
) async throws -> Result {
    let state = OffloadedWork()
    guard octets > offloadThreshold / max(1, nanosecondsPerOctet) else { return try work(state) }
    return try await withTaskCancellationHandler {
        try await NIOThreadPool.singleton.runIfActive { try work(state) }
    } onCancel: {
        state.cancel()
    }
}

/// Work on another thread, which sees nothing of the task that waits for it.
public final class OffloadedWork: Sendable {
    private let isCancelledNow = Atomic<Bool>(false)

    fileprivate func cancel() {
        self.isCancelledNow.store(true, ordering: .relaxed)
    }

    /// Ends the work when its result is of use to nobody any more.
    /// - Throws: `CancellationError` when the task that waits for the work was cancelled.
    public func checkCancellation() throws(CancellationError) {
        if self.isCancelledNow.load(ordering: .relaxed) { throw CancellationError() }
    }
}
