package import NIOCore

/// Takes the message data out of what follows DATA. (RFC 5321 § 4.1.1.4, § 4.5.2)
///
/// Only `<CRLF>.<CRLF>` ends a message, or `.<CRLF>` as its very first octets; a dot is unstuffed only after CRLF.
/// Every other octet stays as it was sent: a bare CR, a bare LF, NUL. A receiver that is more generous here lets a
/// second message be smuggled in through a relay that is not.
package struct DataDecoder: Sendable {
    /// Where the last octet left us.
    private enum Position {
        /// After CRLF, or at the very beginning.
        case lineStart
        /// After a dot at the start of a line, which was dropped.
        case dot
        /// After such a dot and a CR, which is held back.
        case dotCR
        /// After a CR in mid-line.
        case carriageReturn
        /// After anything else.
        case midLine
    }

    private var position = Position.lineStart

    package init() {}

    /// Consumes octets of the message, all of `input` unless the end of data is in it.
    ///
    /// - Parameters:
    ///   - input: What has arrived; what follows the end of data is left in it.
    ///   - sink: Called with runs of message octets in order, valid during the call.
    /// - Returns: True when the end of data was consumed.
    package mutating func decode(_ input: inout ByteBuffer, into sink: (UnsafeRawBufferPointer) -> Void) -> Bool {
        var isComplete = false
        var consumed = 0
        input.withUnsafeReadableBytes { bytes in
            (consumed, isComplete) = self.decode(bytes, into: sink)
        }
        input.moveReaderIndex(forwardBy: consumed)
        return isComplete
    }

    private mutating func decode(
        _ bytes: UnsafeRawBufferPointer,
        into sink: (UnsafeRawBufferPointer) -> Void
    ) -> (consumed: Int, isComplete: Bool) {
        var index = 0
        var runStart = 0

        func emit(upTo end: Int) {
            if end > runStart { sink(UnsafeRawBufferPointer(rebasing: bytes[runStart..<end])) }
        }

        while index < bytes.count {
            let byte = bytes[index]
            switch self.position {
            case .midLine:
                // All but a few octets are passed over here.
                guard let lineDot = Self.dotAtLineStart(in: bytes, from: index) else {
                    self.position = Self.position(atEndOf: bytes, from: index)
                    index = bytes.count
                    break
                }
                emit(upTo: lineDot)
                index = lineDot + 1
                runStart = index
                self.position = .dot
            case .lineStart:
                switch byte {
                case UInt8(ascii: "."):
                    emit(upTo: index)
                    index += 1
                    runStart = index
                    self.position = .dot
                case UInt8(ascii: "\r"):
                    index += 1
                    self.position = .carriageReturn
                default:
                    self.position = .midLine
                }
            case .carriageReturn:
                switch byte {
                case UInt8(ascii: "\n"):
                    index += 1
                    self.position = .lineStart
                case UInt8(ascii: "\r"):
                    index += 1
                default:
                    self.position = .midLine
                }
            case .dot:
                if byte == UInt8(ascii: "\r") {
                    index += 1
                    runStart = index
                    self.position = .dotCR
                } else {
                    self.position = .midLine
                }
            case .dotCR:
                if byte == UInt8(ascii: "\n") {
                    self.position = .lineStart
                    return (index + 1, true)
                }
                Self.heldBackCR.withUTF8Buffer { sink(UnsafeRawBufferPointer($0)) }
                self.position = .carriageReturn
            }
        }
        emit(upTo: bytes.count)
        return (bytes.count, false)
    }

    private static let heldBackCR: StaticString = "\r"

    /// The next dot that follows CRLF, both at or after `start`.
    private static func dotAtLineStart(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var from = start
        while let dot = firstIndex(of: UInt8(ascii: "."), in: bytes, from: from) {
            if dot - 2 >= start, bytes[dot - 1] == UInt8(ascii: "\n"), bytes[dot - 2] == UInt8(ascii: "\r") {
                return dot
            }
            from = dot + 1
        }
        return nil
    }

    private static func position(atEndOf bytes: UnsafeRawBufferPointer, from start: Int) -> Position {
        let last = bytes.count - 1
        if last >= start, bytes[last] == UInt8(ascii: "\r") { return .carriageReturn }
        if last - 1 >= start, bytes[last] == UInt8(ascii: "\n"), bytes[last - 1] == UInt8(ascii: "\r") {
            return .lineStart
        }
        return .midLine
    }
}
