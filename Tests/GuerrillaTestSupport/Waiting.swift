#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How long a test waits for what must happen: so long that on the slowest machine only a fault makes it fail.
///
/// Also what clocks are set to that must not run out while a test looks elsewhere.
public let patience = Duration.seconds(300)

/// Waits until `condition` holds; false when ``patience`` is over.
@discardableResult
public func eventually(_ condition: () async -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + patience
    while await !condition() {
        if ContinuousClock.now > deadline { return false }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return true
}

/// The same on a thread of one's own, such as a ``BlockingClient`` has.
public func blockUntil(_ condition: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + patience
    while !condition() {
        if ContinuousClock.now > deadline { return false }
        usleep(2_000)
    }
    return true
}
