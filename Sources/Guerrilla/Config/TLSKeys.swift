import GuerrillaBackend

/// The keys of a server's `tls`.
enum TLSKeys {
    /// The key of the object itself.
    static let container = "tls"

    static let startTLSOn = ConfigurationKey(
        "start_tls_on",
        .bool,
        default: .bool(false),
        origin: .goGuerrilla,
        isEffective: false,
        summary: "Whether STARTTLS is offered."
    )
    static let tlsAlwaysOn = ConfigurationKey(
        "tls_always_on",
        .bool,
        default: .bool(false),
        origin: .goGuerrilla,
        isEffective: false,
        summary:
            "Whether a connection starts with the TLS handshake. An enabled server that asks for it does not start without."
    )
    static let privateKeyFile = ConfigurationKey(
        "private_key_file",
        .string,
        default: .described("none"),
        origin: .goGuerrilla,
        isEffective: false,
        summary: "The private key, PEM."
    )
    static let publicKeyFile = ConfigurationKey(
        "public_key_file",
        .string,
        default: .described("none"),
        origin: .goGuerrilla,
        isEffective: false,
        summary: "The certificate chain, PEM."
    )
    static let protocols = ConfigurationKey(
        "protocols",
        .stringList,
        default: .described("`tls1.2` and up"),
        origin: .goGuerrilla,
        isEffective: false,
        summary:
            "The lowest and the highest version: `tls1.0`, `tls1.1`, `tls1.2`, `tls1.3`. One element is the lowest."
    )
    static let ciphers = ConfigurationKey(
        "ciphers",
        .stringList,
        default: .described("the TLS library's"),
        origin: .goGuerrilla,
        isEffective: false,
        summary: "The cipher suites, by their IANA names."
    )
    static let curves = ConfigurationKey(
        "curves",
        .stringList,
        default: .described("the TLS library's"),
        origin: .goGuerrilla,
        isEffective: false,
        summary: "The curves: `P256`, `P384`, `P521`, `X25519`."
    )
    static let clientAuthType = ConfigurationKey(
        "client_auth_type",
        .string,
        default: .string("VerifyClientCertIfGiven"),
        origin: .goGuerrilla,
        isEffective: false,
        summary:
            "What is asked of the client's certificate: `NoClientCert`, `RequestClientCert`, `RequireAnyClientCert`,"
            + " `VerifyClientCertIfGiven`, `RequireAndVerifyClientCert`."
    )
    static let rootCAsFile = ConfigurationKey(
        "root_cas_file",
        .string,
        default: .described("the system's"),
        origin: .goGuerrilla,
        isEffective: false,
        summary: "The certificate authorities that clients' certificates are checked against, PEM."
    )
    static let preferServerCipherSuites = ConfigurationKey(
        "prefer_server_cipher_suites",
        .bool,
        default: .bool(false),
        origin: .goGuerrilla,
        isEffective: false,
        summary: "Whether the server's order of cipher suites counts."
    )

    static let all = [
        startTLSOn, tlsAlwaysOn, privateKeyFile, publicKeyFile, protocols, ciphers, curves, clientAuthType, rootCAsFile,
        preferServerCipherSuites,
    ]
}
