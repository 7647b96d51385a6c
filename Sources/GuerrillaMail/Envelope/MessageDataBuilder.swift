import NIOCore

/// The memory that messages arriving on one event loop are built in, and whether there is room to keep them.
package struct MessageMemory: Sendable {
    package let budget: MemoryBudget
    package let pool: ChunkPool
    package let space: StorageSpace

    package init(budget: MemoryBudget, pool: ChunkPool = ChunkPool(), space: StorageSpace = StorageSpace()) {
        self.budget = budget
        self.pool = pool
        self.space = space
    }

    /// Whether a new message is better refused at once: there is no memory to receive it in, or no room to keep it.
    package var isExhausted: Bool { self.budget.isExhausted || self.space.isLow }
}

/// Collects the octets of one message as they arrive.
///
/// Octets are copied out of the receive buffer, so that the channel can use that again for the next read.
package struct MessageDataBuilder: Sendable {
    private let memory: MessageMemory
    private let reservation: MemoryReservation
    private var filled: [ByteBuffer] = []
    private var current = ByteBuffer()
    private var currentSize: ChunkSize?
    /// Octets collected so far.
    package private(set) var size = 0

    package init(memory: MessageMemory) {
        self.memory = memory
        self.reservation = MemoryReservation(budget: memory.budget)
    }

    /// Adds octets at the end.
    /// - Returns: False when the memory budget is exhausted; the message is then of no use any more.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            if self.current.writableBytes == 0 || self.currentSize == nil {
                guard self.makeRoom(for: rest.count) else { return false }
            }
            let part = rest.prefix(self.current.writableBytes)
            self.current.writeBytes(UnsafeRawBufferPointer(rebasing: part))
            self.size += part.count
            rest = rest.dropFirst(part.count)
        }
        return true
    }

    /// Moves up the ladder of ``ChunkSize`` while the message is in one chunk, then adds chunks.
    private mutating func makeRoom(for count: Int) -> Bool {
        let held = self.current.readableBytes
        if self.currentSize == .large {
            guard self.reservation.grow(by: ChunkSize.large.octets) else { return false }
            self.filled.append(self.current)
            self.current = self.memory.pool.take(.large)
            return true
        }
        var size = self.currentSize?.next ?? .small
        while size != .large, size.octets < held + count { size = size.next }
        guard self.reservation.grow(by: size.octets) else { return false }
        var larger = self.memory.pool.take(size)
        if let old = self.currentSize {
            larger.writeImmutableBuffer(self.current)
            self.memory.pool.give(self.current)
            self.reservation.shrink(by: old.octets)
        }
        self.current = larger
        self.currentSize = size
        return true
    }

    /// The finished message. The builder must not be used afterwards.
    package consuming func build() -> MessageData {
        var chunks = self.filled
        chunks.append(self.current)
        return MessageData(chunks: chunks, size: self.size, pool: self.memory.pool, reservation: self.reservation)
    }
}
