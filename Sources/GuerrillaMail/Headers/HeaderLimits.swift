/// How much header section a message may have.
public struct HeaderLimits: Sendable, Hashable {
    /// Longest header section in octets, with its empty line. The default is 1 MiB.
    public var maximumSize: Int

    /// Most header fields. The default is 1000.
    public var maximumFieldCount: Int

    /// Makes limits, with the defaults where nothing is given.
    ///
    /// - Parameters:
    ///   - maximumSize: Longest header section in octets, with its empty line.
    ///   - maximumFieldCount: Most header fields.
    public init(maximumSize: Int = 1_048_576, maximumFieldCount: Int = 1000) {
        self.maximumSize = maximumSize
        self.maximumFieldCount = maximumFieldCount
    }
}
