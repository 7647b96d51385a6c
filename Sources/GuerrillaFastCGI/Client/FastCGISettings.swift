/// How requests are made.
public struct FastCGISettings: Sendable, Equatable {
    /// Where the server listens.
    public var address: FastCGIAddress
    /// The most connections open at once, which is the most requests at once. The default is 1.
    public var maximumConnections = 1
    /// The most requests that wait for a connection. The default is 1000.
    public var maximumQueued = 1_000
    /// How long a connection that is not used stays open; 0 closes it after each request. The default is 5 seconds.
    public var idleTimeout = Duration.seconds(5)
    /// How long connecting may take, and how long a request on its connection. The default is 20 seconds.
    public var timeout = Duration.seconds(20)
    /// The most standard output of a script, in octets. The default is 65,536.
    public var maximumReplySize = 65_536

    /// Makes settings with every other default.
    public init(address: FastCGIAddress) {
        self.address = address
    }
}
