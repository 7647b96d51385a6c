package import NIOCore

/// What is stored of one message.
package struct RedisMessage: Sendable {
    /// The key.
    package let key: String
    /// The value, piece by piece.
    package let payload: [ByteBuffer]
    /// When the server may forget it, in seconds from now.
    package let expireSeconds: Int

    /// Creates a message.
    package init(key: String, payload: [ByteBuffer], expireSeconds: Int) {
        self.key = key
        self.payload = payload
        self.expireSeconds = expireSeconds
    }

    /// The size in octets.
    package var octets: Int {
        self.payload.reduce(self.key.utf8.count + 32) { $0 + $1.readableBytes }
    }
}
