import GuerrillaTestSupport
import Synchronization

/// Something that a test opens and a thread waits for.
final class Gate: Sendable {
    private let isOpen = Atomic(false)

    func open() {
        self.isOpen.store(true, ordering: .releasing)
    }

    func wait() {
        _ = blockUntil { self.isOpen.load(ordering: .acquiring) }
    }
}
