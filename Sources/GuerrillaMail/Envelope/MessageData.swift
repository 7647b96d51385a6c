public import NIOCore

/// The content of a message: exactly the octets sent after 354, dot-unstuffed, line endings kept. (RFC 5321 § 4.5.2)
///
/// Immutable and cheap to copy: copies share the memory, which returns to its pool and to the daemon's
/// ``MemoryBudget`` when the last one goes.
public struct MessageData: Sendable {
    private final class Storage: Sendable {
        let chunks: [ByteBuffer]
        let size: Int
        private let pool: ChunkPool?
        let reservation: MemoryReservation?

        init(chunks: [ByteBuffer], size: Int, pool: ChunkPool?, reservation: MemoryReservation?) {
            self.chunks = chunks
            self.size = size
            self.pool = pool
            self.reservation = reservation
        }

        deinit {
            guard let pool = self.pool else { return }
            for chunk in self.chunks { pool.give(chunk) }
        }
    }

    private let storage: Storage

    init(chunks: [ByteBuffer], size: Int, pool: ChunkPool, reservation: MemoryReservation) {
        self.storage = Storage(chunks: chunks, size: size, pool: pool, reservation: reservation)
    }

    /// Wraps octets that are held outside any budget: for tests and for messages made by an application.
    public init(_ octets: ByteBuffer) {
        self.storage = Storage(chunks: [octets], size: octets.readableBytes, pool: nil, reservation: nil)
    }

    /// No octets at all.
    public static let empty = MessageData(ByteBuffer())

    /// The size in octets, without any delivery header.
    public var size: Int { self.storage.size }

    /// Charges the message for what is held beside it until its verdict. It is given back with the message.
    /// - Returns: False when the budget has not that much left; nothing is charged then. Without a budget there is no limit.
    package func reserve(_ octets: Int) -> Bool {
        self.storage.reservation?.grow(by: octets) ?? true
    }

    /// Goes on with what another reservation in the same budget has been charged.
    package func takeOver(_ other: MemoryReservation) {
        self.storage.reservation?.takeOver(other)
    }

    /// A reservation of nothing yet in the budget that the message itself is charged to: for what is made out of it and
    /// kept beside it. Without a budget there is no limit.
    package func newReservation() -> MemoryReservation {
        self.storage.reservation?.another() ?? MemoryReservation(budget: MemoryBudget(limit: .max))
    }

    /// Calls `body` with all octets when they are contiguous in memory.
    ///
    /// - Returns: What `body` returns, or nil when the message is larger than 262,144 octets; use
    ///   ``read(from:upTo:)`` then.
    public func withContiguousBytes<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R? {
        guard self.storage.chunks.count == 1 else { return nil }
        var result: Result<R, E>?
        self.storage.chunks[0].withUnsafeReadableBytes { bytes in
            do throws(E) {
                result = .success(try body(bytes))
            } catch {
                result = .failure(error)
            }
        }
        return try result?.get()
    }

    /// Reads octets from `offset` on.
    ///
    /// The result shares the message's memory and may hold fewer octets than asked for; it is empty only at the end.
    /// Asynchronous so that large messages may live outside memory one day without a change for processors.
    ///
    /// - Parameters:
    ///   - offset: First octet wanted, from 0.
    ///   - count: The most octets wanted.
    /// - Throws: An error when the octets cannot be had (never while the message is in memory).
    public func read(from offset: Int, upTo count: Int) async throws -> ByteBuffer {
        guard offset >= 0, count > 0, offset < self.size else { return ByteBuffer() }
        var start = 0
        for chunk in self.storage.chunks {
            let length = chunk.readableBytes
            if offset < start + length {
                let position = offset - start
                return chunk.getSlice(at: chunk.readerIndex + position, length: min(count, length - position))
                    ?? ByteBuffer()
            }
            start += length
        }
        return ByteBuffer()
    }

    /// All octets in order, as few buffers as there are chunks in memory.
    /// - Throws: As ``read(from:upTo:)``.
    public func chunks() async throws -> [ByteBuffer] {
        self.storage.chunks
    }

    /// Copies at most `count` octets from the beginning, for looking at the header section of a large message.
    /// - Throws: As ``read(from:upTo:)``.
    public func prefix(_ count: Int) async throws -> ByteBuffer {
        var result = try await self.read(from: 0, upTo: count)
        // At once, or every piece might move what is there already.
        if result.readableBytes < min(count, self.size) { result.reserveCapacity(min(count, self.size)) }
        while result.readableBytes < min(count, self.size) {
            var more = try await self.read(from: result.readableBytes, upTo: count - result.readableBytes)
            result.writeBuffer(&more)
        }
        return result
    }
}

extension MessageData: Equatable {
    /// Equal when the octets are, however they are chunked.
    public static func == (lhs: MessageData, rhs: MessageData) -> Bool {
        if lhs.storage === rhs.storage { return true }
        guard lhs.size == rhs.size else { return false }
        return lhs.storage.chunks.lazy.map(\.readableBytesView).joined()
            .elementsEqual(rhs.storage.chunks.lazy.map(\.readableBytesView).joined())
    }
}
