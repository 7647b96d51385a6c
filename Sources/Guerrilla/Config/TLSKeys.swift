import GuerrillaBackend
import GuerrillaServer

/// The keys of a server's `tls`.
enum TLSKeys {
    /// The key of the object itself.
    static let container = "tls"

    static let startTLSOn = ConfigurationKey(
        "start_tls_on",
        .bool,
        default: .bool(false),
        origin: .goGuerrilla,
        summary: "Whether STARTTLS is offered."
    )
    static let tlsAlwaysOn = ConfigurationKey(
        "tls_always_on",
        .bool,
        default: .bool(false),
        origin: .goGuerrilla,
        summary:
            "Whether a connection starts with the TLS handshake. An enabled server that asks for it does not start without."
    )
    static let privateKeyFile = ConfigurationKey(
        "private_key_file",
        .string,
        default: .described("none"),
        origin: .goGuerrilla,
        summary: "The private key, PEM."
    )
    static let publicKeyFile = ConfigurationKey(
        "public_key_file",
        .string,
        default: .described("none"),
        origin: .goGuerrilla,
        summary: "The certificate chain, PEM, the server's own certificate first."
    )
    static let protocols = ConfigurationKey(
        "protocols",
        .stringList,
        default: .described("`tls1.2` and up"),
        origin: .goGuerrilla,
        summary:
            "The lowest and the highest version: `tls1.0`, `tls1.1`, `tls1.2`, `tls1.3`. One element is the lowest. 1.0 and 1.1 are outdated"
            + " and only spoken when named here."
    )
    static let ciphers = ConfigurationKey(
        "ciphers",
        .stringList,
        default: .described("all with ECDHE"),
        origin: .goGuerrilla,
        summary:
            "The cipher suites of TLS 1.2 and below, by their IANA names. RC4, 3DES and CBC with SHA-256 are left out. Those of TLS 1.3"
            + " are always on; with no others named, TLS 1.2 and below are not spoken."
    )
    static let curves = ConfigurationKey(
        "curves",
        .stringList,
        default: .described("all but `P521`"),
        origin: .goGuerrilla,
        summary: "The curves: `P256`, `P384`, `P521`, `X25519`, `X25519MLKEM768`."
    )
    static let clientAuthType = ConfigurationKey(
        "client_auth_type",
        .string,
        default: .string("NoClientCert"),
        origin: .goGuerrilla,
        allowedValues: TLSClientAuthentication.allCases.map(\.rawValue),
        summary: "What is asked of the client's certificate. Where it is verified, it must come from `root_cas_file`."
    )
    static let rootCAsFile = ConfigurationKey(
        "root_cas_file",
        .string,
        default: .described("the system's"),
        origin: .goGuerrilla,
        summary: "The certificate authorities that clients' certificates are checked against, PEM."
    )
    static let preferServerCipherSuites = ConfigurationKey(
        "prefer_server_cipher_suites",
        .bool,
        default: .bool(false),
        origin: .goGuerrilla,
        summary: "Accepted and without effect: the client's order of cipher suites counts. Name fewer to force one."
    )

    static let all = [
        startTLSOn, tlsAlwaysOn, privateKeyFile, publicKeyFile, protocols, ciphers, curves, clientAuthType, rootCAsFile,
        preferServerCipherSuites,
    ]
}
