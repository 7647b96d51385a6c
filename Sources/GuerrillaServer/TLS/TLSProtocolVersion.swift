/// A version of TLS. (RFC 2246, RFC 4346, RFC 5246, RFC 8446)
public enum TLSProtocolVersion: Sendable, Hashable, CaseIterable, Comparable {
    /// TLS 1.0, deprecated by RFC 8996.
    case tls10
    /// TLS 1.1, deprecated by RFC 8996.
    case tls11
    /// TLS 1.2
    case tls12
    /// TLS 1.3
    case tls13

    /// Finds a version by its name in a configuration, in any case: `tls1.0`, `tls1.1`, `tls1.2`, `tls1.3`.
    public init?(configurationName name: String) {
        guard let version = Self.allCases.first(where: { $0.configurationName == name.lowercased() }) else {
            return nil
        }
        self = version
    }

    /// The name in a configuration, as `tls1.3`.
    public var configurationName: String {
        switch self {
        case .tls10: "tls1.0"
        case .tls11: "tls1.1"
        case .tls12: "tls1.2"
        case .tls13: "tls1.3"
        }
    }

    /// The name in logs and in Received fields, as `TLSv1.3`.
    public var name: String {
        switch self {
        case .tls10: "TLSv1"
        case .tls11: "TLSv1.1"
        case .tls12: "TLSv1.2"
        case .tls13: "TLSv1.3"
        }
    }
}
