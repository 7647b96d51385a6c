/// A server's `tls` settings as written; the files are not opened here.
///
/// TLS is not available in this version: the settings are read so that a file keeps them.
public struct TLSSettings: Sendable, Equatable {
    /// Whether STARTTLS is offered. The default is `false`.
    public var isStartTLSOn = false

    /// Whether a connection starts with the TLS handshake. The default is `false`.
    public var isAlwaysOn = false

    /// The path of the private key, PEM. The default is nil.
    public var privateKeyFile: String?

    /// The path of the certificate chain, PEM. The default is nil.
    public var publicKeyFile: String?

    /// The lowest and the highest version, such as `tls1.2`. The default is empty: the library's choice.
    public var protocols: [String] = []

    /// The IANA names of the cipher suites. The default is empty: the library's choice.
    public var ciphers: [String] = []

    /// The names of the curves. The default is empty: the library's choice.
    public var curves: [String] = []

    /// What is asked of the client's certificate. The default is nil, which means `VerifyClientCertIfGiven`.
    public var clientAuthType: String?

    /// The path of the certificate authorities for clients, PEM. The default is nil: the system's.
    public var rootCAsFile: String?

    /// Whether the server's order of cipher suites counts. The default is `false`.
    public var prefersServerCipherSuites = false

    /// Makes settings with every default.
    public init() {}
}
