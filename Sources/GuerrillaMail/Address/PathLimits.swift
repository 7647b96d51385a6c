/// The largest paths accepted, in octets as sent. (RFC 5321 § 4.5.3.1)
public struct PathLimits: Hashable, Sendable {
    /// The path with its angle brackets and source route. The default is 256. (§ 4.5.3.1.3)
    public var path = 256
    /// The local part with its quotes and escapes. The default is 128, twice what § 4.5.3.1.1 asks for, because
    /// senders of generated addresses (VERP, SRS) need more than 64.
    public var localPart = 128
    /// The domain, an address literal with its brackets. The default is 255. (§ 4.5.3.1.2)
    public var domain = 255
    /// The number of ESMTP parameters. The default is 16.
    public var parameters = 16

    /// Makes the default limits.
    public init() {}
}
