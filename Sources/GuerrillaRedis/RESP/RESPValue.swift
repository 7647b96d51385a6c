package import NIOCore

/// One reply of a Redis server. (RESP2)
package enum RESPValue: Sendable, Hashable {
    /// `+OK`
    case simpleString(String)
    /// `-ERR unknown command`: the whole line, the code included.
    case error(String)
    /// `:1`
    case integer(Int64)
    /// `$3`: any octets.
    case bulkString(ByteBuffer)
    /// `$-1` or `*-1`
    case null
    /// `*2`
    case array([RESPValue])
}
