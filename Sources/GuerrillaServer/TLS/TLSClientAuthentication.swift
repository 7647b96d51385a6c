/// What is asked of a client's certificate (`client_auth_type`), by go-guerrilla's names, which are Go's.
public enum TLSClientAuthentication: String, Sendable, Hashable, CaseIterable {
    /// None is asked for.
    case none = "NoClientCert"
    /// One is asked for; whatever comes is taken, unverified, and nothing is as good.
    case request = "RequestClientCert"
    /// There must be one; whatever comes is taken, unverified.
    case requireAny = "RequireAnyClientCert"
    /// One is asked for; if there is one it must come from a trusted authority.
    case verifyIfGiven = "VerifyClientCertIfGiven"
    /// There must be one, from a trusted authority.
    case requireAndVerify = "RequireAndVerifyClientCert"

    /// Whether a certificate that is given must come from a trusted authority.
    public var verifies: Bool {
        switch self {
        case .none, .request, .requireAny: false
        case .verifyIfGiven, .requireAndVerify: true
        }
    }
}
