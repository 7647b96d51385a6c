import GuerrillaBackend
import GuerrillaServer

/// The keys of an element of a server's `certificates`: a key pair, and the names it is for.
enum CertificateKeys {
    static let privateKeyFile = TLSKeys.privateKeyFile(\TLSKeyPair.privateKeyFile)
    static let publicKeyFile = TLSKeys.publicKeyFile(\TLSKeyPair.certificateFile)
    static let hostNames: Key<TLSKeyPair, [String]> = Key(
        "host_names",
        \.hostNames,
        .certificateNames,
        default: .described("those in the certificate"),
        summary: "The names the pair is for, such as `mail.example.com` or `*.example.com`."
    )

    static let rows: [any ConfigurationRow<TLSKeyPair>] = [privateKeyFile, publicKeyFile, hostNames]

    static let all = rows.map(\.description)
}
