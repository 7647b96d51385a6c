import NIOCore
import Synchronization

/// The sizes in which message data is held. A message moves up the ladder while it fits into one chunk, so anything up
/// to the largest size is contiguous; beyond that, further chunks of the largest size follow.
package enum ChunkSize: Int, CaseIterable, Sendable {
    case small = 4_096
    case medium = 32_768
    case large = 262_144

    package var octets: Int { self.rawValue }

    var next: ChunkSize {
        switch self {
        case .small: .medium
        case .medium, .large: .large
        }
    }

    /// How many unused chunks a pool keeps: 256 KiB, 1 MiB and 8 MiB an event loop.
    var retained: Int {
        switch self {
        case .small: 64
        case .medium: 32
        case .large: 32
        }
    }
}

/// Unused chunks kept for the next message. (1 MB messages: 354 → 250 µs, the difference being page faults)
///
/// There is one pool per event loop, so its lock is contended only when a message is dropped on another thread. A chunk
/// that somebody still holds a slice of may come back here: `ByteBuffer` copies on write, so it is then left to that
/// reader and replaced by fresh memory.
package final class ChunkPool: Sendable {
    private struct Shelves {
        var small: [ByteBuffer] = []
        var medium: [ByteBuffer] = []
        var large: [ByteBuffer] = []

        subscript(size: ChunkSize) -> [ByteBuffer] {
            get {
                switch size {
                case .small: self.small
                case .medium: self.medium
                case .large: self.large
                }
            }
            _modify {
                switch size {
                case .small: yield &self.small
                case .medium: yield &self.medium
                case .large: yield &self.large
                }
            }
        }
    }

    private let shelves = Mutex(Shelves())

    package init() {}

    func take(_ size: ChunkSize) -> ByteBuffer {
        if var chunk = self.shelves.withLock({ $0[size].popLast() }) {
            chunk.clear()
            return chunk
        }
        return ByteBufferAllocator().buffer(capacity: size.octets)
    }

    func give(_ chunk: ByteBuffer) {
        guard let size = ChunkSize(rawValue: chunk.capacity) else { return }
        self.shelves.withLock {
            if $0[size].count < size.retained { $0[size].append(chunk) }
        }
    }
}
