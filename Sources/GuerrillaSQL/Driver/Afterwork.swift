import Dispatch
import Synchronization

/// What is done for a database when its connection has been given up, and waited for by no message: a little at a time, and beyond that
/// nothing, because a database that does not answer may keep each of them for long.
package final class Afterwork: Sendable {
    private static let maximum = 4
    private let running = Mutex(0)

    package init() {}

    /// Does the work on a thread where it may block.
    package func start(_ work: @escaping @Sendable () -> Void) {
        let isAdmitted = self.running.withLock { running in
            guard running < Self.maximum else { return false }
            running += 1
            return true
        }
        guard isAdmitted else { return }
        DispatchQueue.global().async {
            work()
            self.running.withLock { $0 -= 1 }
        }
    }
}
