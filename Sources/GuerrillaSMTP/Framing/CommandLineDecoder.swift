package import NIOCore

/// Takes one command line after another out of what arrives. (RFC 5321 § 2.3.8)
package struct CommandLineDecoder: Sendable {
    /// What was found at the beginning of the input.
    package enum Line: Equatable, Sendable {
        /// A line that ended in CRLF, without it.
        case complete(ByteBuffer)
        /// A line that ended in a bare LF: it must not be executed, but the session stays in step.
        case bareLF
        /// A line that was longer than allowed, swallowed to its end.
        case tooLong
        /// A line so much longer than allowed that reading on to its end would be a service to an attacker.
        case endless
    }

    /// What is read and discarded of a line beyond the longest accepted, in octets.
    package static let maximumOverrun = 65_536

    /// The longest line accepted, in octets, CRLF included.
    private let maximumLength: Int
    /// Octets of the present line that are gone already. Not zero only in a line that is too long.
    private var discarded = 0

    package init(maximumLength: Int) {
        self.maximumLength = maximumLength
    }

    /// The next line, or nil when its end has not arrived.
    ///
    /// At most `maximumLength` octets are ever left in `input` then: the octets of a longer line are consumed as they
    /// come.
    package mutating func next(_ input: inout ByteBuffer) -> Line? {
        let lineFeed = input.withUnsafeReadableBytes { firstIndex(of: UInt8(ascii: "\n"), in: $0, from: 0) }
        guard let lineFeed else {
            if self.discarded > 0 || input.readableBytes >= self.maximumLength {
                self.discarded += input.readableBytes
                input.moveReaderIndex(to: input.writerIndex)
            }
            return self.isEndless(self.discarded) ? .endless : nil
        }
        guard let line = input.readSlice(length: lineFeed + 1) else { return nil }
        let length = self.discarded + lineFeed + 1
        if length > self.maximumLength {
            self.discarded = 0
            return self.isEndless(length) ? .endless : .tooLong
        }
        guard lineFeed > 0, line.getInteger(at: line.readerIndex + lineFeed - 1) == UInt8(ascii: "\r"),
            let content = line.getSlice(at: line.readerIndex, length: lineFeed - 1)
        else {
            return .bareLF
        }
        return .complete(content)
    }

    private func isEndless(_ length: Int) -> Bool {
        length - self.maximumLength > Self.maximumOverrun
    }
}
