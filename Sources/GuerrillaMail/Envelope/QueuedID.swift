import Synchronization

/// The id given in the final 250, unique per message, across listeners and restarts.
///
/// Its text is hexadecimal and sorts by time: 11 digits of milliseconds since 1970, 8 digits that are random per
/// process, then at least 5 digits of a counter.
public struct QueuedID: Hashable, Sendable, CustomStringConvertible {
    private enum Form: Hashable, Sendable {
        case generated(milliseconds: UInt64, process: UInt32, counter: UInt64)
        case text(String)
    }

    private let form: Form

    fileprivate init(milliseconds: UInt64, process: UInt32, counter: UInt64) {
        self.form = .generated(milliseconds: milliseconds, process: process, counter: counter)
    }

    /// An id of a processor's own making, a content hash say.
    ///
    /// It is sent in a reply line, so everything but printable ASCII is dropped, and all beyond 200 octets.
    public init(text: String) {
        let printable = text.utf8.lazy.filter { $0 > 32 && $0 < 127 }.prefix(200)
        self.form = .text(String(decoding: Array(printable), as: UTF8.self))
    }

    /// The id as it stands in the reply and in the log.
    public var description: String {
        switch self.form {
        case .text(let text):
            return text
        case .generated(let milliseconds, let process, let counter):
            var digits = 5
            while digits < 16, counter >> UInt64(digits * 4) != 0 { digits += 1 }
            return String(unsafeUninitializedCapacity: 19 + digits) { utf8 in
                Self.writeHexadecimal(milliseconds, digits: 11, to: utf8, at: 0)
                Self.writeHexadecimal(UInt64(process), digits: 8, to: utf8, at: 11)
                Self.writeHexadecimal(counter, digits: digits, to: utf8, at: 19)
                return 19 + digits
            }
        }
    }

    private static func writeHexadecimal(
        _ value: UInt64,
        digits: Int,
        to utf8: UnsafeMutableBufferPointer<UInt8>,
        at offset: Int
    ) {
        for position in 0..<digits {
            let nibble = UInt8(truncatingIfNeeded: value >> UInt64((digits - 1 - position) * 4)) & 0xF
            utf8[offset + position] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
        }
    }
}

/// Makes the queued ids of one process.
public final class QueuedIDGenerator: Sendable {
    private let process: UInt32
    private let counter = Atomic<UInt64>(0)

    /// - Parameter process: Tells this process from one that ran in the same millisecond; random by default.
    public init(process: UInt32 = .random(in: .min ... .max)) {
        self.process = process
    }

    /// A new id.
    /// - Parameter unixMilliseconds: The time in milliseconds since 1970.
    public func next(unixMilliseconds: UInt64) -> QueuedID {
        let (count, _) = self.counter.wrappingAdd(1, ordering: .relaxed)
        return QueuedID(milliseconds: unixMilliseconds, process: self.process, counter: count)
    }
}
