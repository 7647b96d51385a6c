/// What is known of the peer of a session.
public struct ClientInfo: Sendable, Equatable {
    /// The client's address, nil when the connection has none (a Unix socket). Behind a front end that is trusted, the one it
    /// gave with a PROXY header or with XCLIENT; nil when it said that it does not know.
    public var address: IPAddress?
    /// The client's port, nil when unknown.
    public var port: UInt16?
    /// The client's host name as a front end gave it with XCLIENT, nil otherwise.
    public var name: String?
    /// The address the client connected to, as a front end gave it; nil otherwise.
    public var serverAddress: IPAddress?
    /// The port the client connected to, as a front end gave it; nil otherwise.
    public var serverPort: UInt16?
    /// The argument of the last HELO or EHLO, nil before it. (RFC 5321 § 4.1.1.1)
    public var helo: MailDomain?
    /// Whether the session was opened by EHLO.
    public var isExtended: Bool
    /// The `host_name` of the server that was connected to.
    public var serverName: String
    /// Counts the connections of one listener, from 1.
    public var clientNumber: UInt64
    private var boxedProxy: Boxed<ProxyInfo>?
    private var boxedTLS: Boxed<TLSInfo>?

    /// What the PROXY header told beside addresses; nil without one.
    public var proxy: ProxyInfo? {
        get { self.boxedProxy?.value }
        set { self.boxedProxy = newValue.map { Boxed($0) } }
    }

    /// TLS between the client, or what stands in front of it, and us; nil in clear text.
    public var tls: TLSInfo? {
        get { self.boxedTLS?.value }
        set { self.boxedTLS = newValue.map { Boxed($0) } }
    }

    /// The TLS version in use, as `TLSv1.3`; nil in clear text.
    public var tlsVersion: String? { self.boxedTLS?.value.version }

    /// One reference, so that a client without proxy and TLS costs a copy no more than a word for each.
    private final class Boxed<Value: Sendable & Equatable>: Sendable, Equatable {
        let value: Value

        init(_ value: Value) {
            self.value = value
        }

        static func == (left: Boxed, right: Boxed) -> Bool { left.value == right.value }
    }

    /// Creates the description of a peer; only the address is usually known at first.
    public init(
        address: IPAddress?,
        port: UInt16? = nil,
        helo: MailDomain? = nil,
        isExtended: Bool = false,
        tls: TLSInfo? = nil,
        serverName: String = "",
        clientNumber: UInt64 = 0
    ) {
        self.address = address
        self.port = port
        self.helo = helo
        self.isExtended = isExtended
        self.serverName = serverName
        self.clientNumber = clientNumber
        self.tls = tls
    }

    /// The protocol's name for the Received field. (RFC 3848)
    public var protocolName: String {
        switch (self.isExtended, self.boxedTLS != nil) {
        case (false, false): "SMTP"
        case (false, true): "SMTPS"
        case (true, false): "ESMTP"
        case (true, true): "ESMTPS"
        }
    }
}
