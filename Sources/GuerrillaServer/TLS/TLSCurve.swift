/// A group for the key exchange, by go-guerrilla's names, which are Go's.
public enum TLSCurve: String, Sendable, Hashable, CaseIterable {
    /// The hybrid of X25519 and ML-KEM-768, safe against quantum computers.
    case X25519MLKEM768
    /// Curve25519. (RFC 7748)
    case X25519
    /// NIST P-256, secp256r1.
    case P256
    /// NIST P-384, secp384r1.
    case P384
    /// NIST P-521, secp521r1.
    case P521
}
