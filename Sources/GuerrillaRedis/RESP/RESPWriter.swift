package import NIOCore

/// Writes commands behind each other, as they go out in one pipeline.
///
/// Large payloads are not copied: they stand as buffers of their own among the octets around them.
package struct RESPWriter: Sendable {
    /// From this size on a piece of a payload is not copied, in octets.
    private static let sharedPiece = 16_384

    private var parts: [ByteBuffer] = []
    private var current = ByteBuffer()
    /// Commands written so far: as many replies come back.
    package private(set) var commandCount = 0

    /// Creates an empty pipeline.
    package init() {}

    /// The octets to send, in order.
    package var buffers: [ByteBuffer] {
        self.current.readableBytes == 0 ? self.parts : self.parts + [self.current]
    }

    /// Adds a command of short arguments.
    package mutating func command(_ arguments: String...) {
        self.begin(count: arguments.count)
        for argument in arguments { self.argument(argument) }
    }

    /// Adds `SETEX key seconds payload`.
    package mutating func setex(key: String, seconds: Int, payload: [ByteBuffer]) {
        self.begin(count: 4)
        self.argument("SETEX")
        self.argument(key)
        self.argument(String(seconds))
        self.current.writeString("$\(payload.reduce(0) { $0 + $1.readableBytes })\r\n")
        for piece in payload {
            if piece.readableBytes < Self.sharedPiece {
                self.current.writeImmutableBuffer(piece)
            } else {
                self.parts.append(self.current)
                self.parts.append(piece)
                self.current = ByteBuffer()
            }
        }
        self.current.writeString("\r\n")
    }

    private mutating func begin(count: Int) {
        self.commandCount += 1
        self.current.writeString("*\(count)\r\n")
    }

    private mutating func argument(_ text: String) {
        self.current.writeString("$\(text.utf8.count)\r\n\(text)\r\n")
    }
}
