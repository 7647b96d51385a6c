import GuerrillaBackend
import GuerrillaServer

/// The keys of a server's `tls`.
enum TLSKeys {
    /// The key of the object itself.
    static let container = "tls"

    static let startTLSOn: Key<TLSSettings, Bool> = Key(
        "start_tls_on",
        \.isStartTLSOn,
        .bool,
        origin: .goGuerrilla,
        summary: "Whether STARTTLS is offered."
    )
    static let tlsAlwaysOn: Key<TLSSettings, Bool> = Key(
        "tls_always_on",
        \.isAlwaysOn,
        .bool,
        origin: .goGuerrilla,
        summary:
            "Whether a connection starts with the TLS handshake. An enabled server that asks for it does not start without."
    )
    static let privateKeyFile = privateKeyFile(\TLSSettings.keyPair.privateKeyFile)
    static let publicKeyFile = publicKeyFile(\TLSSettings.keyPair.certificateFile)
    static let protocols: Key<TLSSettings, [TLSProtocolVersion]> = Key(
        "protocols",
        \.versions,
        .versions,
        default: .described("`tls1.2` and up"),
        origin: .goGuerrilla,
        summary:
            "The lowest and the highest version: `tls1.0`, `tls1.1`, `tls1.2`, `tls1.3`. One element is the lowest. 1.0 and 1.1 are outdated"
            + " and only spoken when named here."
    )
    static let ciphers: Key<TLSSettings, [TLSCipherSuite]> = Key(
        "ciphers",
        \.cipherSuites,
        .cipherSuites,
        default: .described("all with ECDHE"),
        origin: .goGuerrilla,
        summary:
            "The cipher suites of TLS 1.2 and below, by their IANA names. RC4, 3DES and CBC with SHA-256 are left out. Those of TLS 1.3"
            + " are always on; with no others named, TLS 1.2 and below are not spoken."
    )
    static let curves: Key<TLSSettings, [TLSCurve]> = Key(
        "curves",
        \.curves,
        .curves,
        default: .described("all but `P521`"),
        origin: .goGuerrilla,
        summary: "The curves: `P256`, `P384`, `P521`, `X25519`, `X25519MLKEM768`."
    )
    static let clientAuthType: Key<TLSSettings, TLSClientAuthentication> = Key(
        "client_auth_type",
        \.clientAuthentication,
        .choice,
        origin: .goGuerrilla,
        summary: "What is asked of the client's certificate. Where it is verified, it must come from `root_cas_file`."
    )
    static let rootCAsFile: Key<TLSSettings, String?> = Key(
        "root_cas_file",
        \.rootCAsFile,
        .optional(.nonEmpty(.text)),
        default: .described("the system's"),
        origin: .goGuerrilla,
        summary: "The certificate authorities that clients' certificates are checked against, PEM."
    )
    static let preferServerCipherSuites: Key<TLSSettings, Bool> = Key(
        "prefer_server_cipher_suites",
        \.prefersServerCipherSuites,
        .bool,
        origin: .goGuerrilla,
        summary: "Accepted and without effect: the client's order of cipher suites counts. Name fewer to force one."
    )

    static let rows: [any ConfigurationRow<TLSSettings>] = [
        startTLSOn, tlsAlwaysOn, privateKeyFile, publicKeyFile, protocols, ciphers, curves, clientAuthType, rootCAsFile,
        preferServerCipherSuites,
    ]

    static let all = rows.map(\.description)

    /// The row of a private key, in `tls` and in each of the `certificates`.
    static func privateKeyFile<Owner>(_ property: any WritableKeyPath<Owner, String?> & Sendable) -> Key<Owner, String?>
    {
        Key(
            "private_key_file",
            property,
            .optional(.nonEmpty(.text)),
            default: .described("none"),
            origin: .goGuerrilla,
            summary: "The private key, PEM."
        )
    }

    /// The row of a certificate chain, likewise.
    static func publicKeyFile<Owner>(_ property: any WritableKeyPath<Owner, String?> & Sendable) -> Key<Owner, String?>
    {
        Key(
            "public_key_file",
            property,
            .optional(.nonEmpty(.text)),
            default: .described("none"),
            origin: .goGuerrilla,
            summary: "The certificate chain, PEM, the server's own certificate first."
        )
    }
}
