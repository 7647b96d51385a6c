/// A cipher suite that a server may be told to use, by go-guerrilla's names, which are Go's.
///
/// Suites of TLS 1.3 are always on: they are accepted here, and cannot be chosen, as in Go.
public enum TLSCipherSuite: String, Sendable, Hashable, CaseIterable {
    // In the order in which they are offered when none are named: what has forward secrecy first, and first of that the
    // suites with authenticated encryption.

    // TLS 1.3
    case TLS_AES_128_GCM_SHA256
    case TLS_AES_256_GCM_SHA384
    case TLS_CHACHA20_POLY1305_SHA256

    // TLS 1.2
    case TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    case TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    case TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    case TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    case TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305
    case TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305

    // TLS 1.0 to 1.2. On, although RFC 9325 § 4.2 would have them off: senders that know no others of ours, as Exchange on Windows
    // Server 2012 R2 with an RSA certificate, would send in clear text. The library takes the same time whatever the padding.
    case TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
    case TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
    case TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
    case TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA

    // Without forward secrecy: only when named.
    case TLS_RSA_WITH_AES_128_GCM_SHA256
    case TLS_RSA_WITH_AES_256_GCM_SHA384
    case TLS_RSA_WITH_AES_128_CBC_SHA
    case TLS_RSA_WITH_AES_256_CBC_SHA

    /// Finds a suite by its name. The two with ChaCha20 have a long name, the standard's, and a short one, Go's old one.
    public init?(name: String) {
        let isLong = name.hasSuffix("_CHACHA20_POLY1305_SHA256") && name.hasPrefix("TLS_ECDHE_")
        self.init(rawValue: isLong ? String(name.dropLast("_SHA256".utf8.count)) : name)
    }

    /// Whether it belongs to TLS 1.3, where it cannot be chosen.
    public var isTLS13: Bool {
        switch self {
        case .TLS_AES_128_GCM_SHA256, .TLS_AES_256_GCM_SHA384, .TLS_CHACHA20_POLY1305_SHA256: true
        default: false
        }
    }

    /// The suites of TLS 1.2 and below that are used when none are named: those with forward secrecy.
    public static let standard = Self.allCases.filter { $0.rawValue.hasPrefix("TLS_ECDHE_") }

    /// Names that go-guerrilla takes and that are refused here: what they stand for is broken or outdated, and no longer in
    /// the TLS library.
    public static let refusedNames: Set<String> = [
        "TLS_RSA_WITH_RC4_128_SHA", "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    ]
}
