/// How large a reply may be.
///
/// The largest that is expected is the slot map of a cluster in many pieces.
package struct RESPLimits: Sendable, Hashable {
    /// The longest line, without its CRLF, in octets. The default is 4,096.
    package var line = 4_096
    /// The longest bulk string in octets. The default is 64 KiB.
    package var bulkString = 65_536
    /// The most values in one reply, on all levels. The default is 524,288.
    package var values = 524_288
    /// How deep arrays may stand in each other. The default is 8.
    package var depth = 8
    /// The most octets in one reply. The default is 16 MiB.
    package var octets = 16 << 20

    /// Creates the default limits.
    package init() {}
}
