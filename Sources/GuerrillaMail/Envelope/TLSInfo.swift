/// What is known of the TLS connection that a message came over.
public struct TLSInfo: Sendable, Equatable {
    /// The version, as `TLSv1.3`.
    public var version: String
    /// The host name the client asked for. (RFC 6066 § 3)
    public var requestedServerName: String?
    /// The client's certificate, if it gave one; whether it was checked is the configuration's business.
    public var clientCertificate: ClientCertificate?

    /// The certificate of a client.
    public struct ClientCertificate: Sendable, Equatable {
        /// The distinguished name of the subject. (RFC 4514)
        public var subject: String
        /// SHA-256 over the certificate in DER, as 64 hexadecimal digits in lower case.
        public var fingerprint: String

        /// Creates a description.
        public init(subject: String, fingerprint: String) {
            self.subject = subject
            self.fingerprint = fingerprint
        }
    }

    /// Creates a description.
    public init(version: String, requestedServerName: String? = nil, clientCertificate: ClientCertificate? = nil) {
        self.version = version
        self.requestedServerName = requestedServerName
        self.clientCertificate = clientCertificate
    }
}
