import NIOPosix

/// The largest input, in octets, that ``offload(octets:_:)`` works on here and now.
package let offloadThreshold = 65_536

/// Does work that computes for as long as its input is long: small work here and now, larger work on a thread of NIO's
/// pool, so that no event loop is held by it.
///
/// A hop to another thread and back costs more than the work on 64 KiB does for most kinds of work.
///
/// - Parameters:
///   - octets: Size of the input. Up to 65,536 the work is done at once.
///   - work: What to do. It must not wait for anything.
/// - Throws: What `work` throws, and `CancellationError` when the task was cancelled before the work began.
public func offload<Result: Sendable>(
    octets: Int,
    _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
    guard octets > offloadThreshold else { return try work() }
    return try await NIOThreadPool.singleton.runIfActive(work)
}
