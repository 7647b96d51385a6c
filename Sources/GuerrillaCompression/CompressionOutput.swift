#if Compression
import GuerrillaMail
import NIOCore

/// Where compressed octets go: memory that grows as they come, each piece charged before it is written.
struct CompressionOutput {
    private static let piece = 8_192

    private(set) var octets = ByteBuffer()
    private let memory: MemoryReservation
    /// Charged and not yet written.
    private var room = 0

    init(memory: MemoryReservation) {
        self.memory = memory
    }

    /// Lets `write` add octets at the end.
    /// - Parameter write: Is given memory of at least one octet and returns how much of it it has filled.
    mutating func append(
        _ write: (UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int
    ) throws(CompressionError) {
        if self.room == 0 {
            guard self.memory.grow(by: Self.piece) else { throw .outOfMemory }
            self.room = Self.piece
        }
        let room = self.room
        var outcome = Result<Int, CompressionError>.success(0)
        let written = self.octets.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
            do throws(CompressionError) {
                let count = try write(UnsafeMutableRawBufferPointer(rebasing: memory.prefix(room)))
                outcome = .success(count)
                return count
            } catch {
                outcome = .failure(error)
                return 0
            }
        }
        _ = try outcome.get()
        self.room -= written
    }
}
#endif
