import GuerrillaBackend

/// The keys of an element of a server's `certificates`: a key pair, and the names it is for.
enum CertificateKeys {
    static let hostNames = ConfigurationKey(
        "host_names",
        .stringList,
        default: .described("those in the certificate"),
        summary: "The names the pair is for, such as `mail.example.com` or `*.example.com`."
    )

    static let all = [TLSKeys.privateKeyFile, TLSKeys.publicKeyFile, hostNames]
}
