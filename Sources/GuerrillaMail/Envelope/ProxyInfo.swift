/// What a PROXY protocol header told about a connection, beside the client's address.
/// (<https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>)
///
/// Texts that are not UTF-8, or hold control characters, are left out: the client may have chosen them.
public struct ProxyInfo: Sendable, Equatable {
    /// The proxy's own address; nil when it has none (a Unix socket).
    public var address: IPAddress?
    /// The application protocol agreed by ALPN. (PP2_TYPE_ALPN)
    public var alpn: [UInt8]?
    /// The host name the client asked for, such as the server name of TLS. (PP2_TYPE_AUTHORITY)
    public var authority: String?
    /// An id that the proxy gave the connection, at most 128 octets. (PP2_TYPE_UNIQUE_ID)
    public var uniqueID: [UInt8]?
    /// The TLS connection from client to proxy; nil when the proxy said nothing of one. (PP2_TYPE_SSL)
    public var tls: TLS?

    /// TLS as the proxy has seen it.
    public struct TLS: Sendable, Equatable {
        /// Whether the client used TLS at all. (PP2_CLIENT_SSL)
        public var isUsed: Bool
        /// Whether the client gave a certificate over this very connection. (PP2_CLIENT_CERT_CONN)
        public var hasConnectionCertificate: Bool
        /// Whether the client gave a certificate at least once in this TLS session. (PP2_CLIENT_CERT_SESS)
        public var hasSessionCertificate: Bool
        /// The result of checking the client's certificate, 0 if it is valid or was not checked.
        public var verifyResult: UInt32
        /// `TLSv1.3` (PP2_SUBTYPE_SSL_VERSION)
        public var version: String?
        /// The common name in the client's certificate. (PP2_SUBTYPE_SSL_CN)
        public var commonName: String?
        /// The cipher suite. (PP2_SUBTYPE_SSL_CIPHER)
        public var cipher: String?

        /// Whether the client proved who it is: it gave a certificate, and the proxy found it valid.
        public var isClientVerified: Bool {
            self.isUsed && self.hasSessionCertificate && self.verifyResult == 0
        }

        /// - Parameters:
        ///   - flags: PP2_CLIENT_SSL (1), PP2_CLIENT_CERT_CONN (2) and PP2_CLIENT_CERT_SESS (4), added.
        ///   - verifyResult: The result of checking the client's certificate.
        public init(flags: UInt8, verifyResult: UInt32) {
            self.isUsed = flags & 1 != 0
            self.hasConnectionCertificate = flags & 2 != 0
            self.hasSessionCertificate = flags & 4 != 0
            self.verifyResult = verifyResult
        }
    }

    /// Creates a description in which everything is unknown.
    public init() {}
}
