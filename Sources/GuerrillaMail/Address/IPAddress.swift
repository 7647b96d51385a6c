/// An IPv4 or IPv6 address.
public enum IPAddress: Hashable, Sendable {
    /// An IPv4 address.
    case v4(IPv4Address)
    /// An IPv6 address.
    case v6(IPv6Address)

    /// Reads a bare address, without brackets, tag or zone. `nil` when the text is neither form.
    public init?(_ text: String) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    /// The address literal: `[192.0.2.1]` or `[IPv6:2001:db8::1]`. (RFC 5321 § 4.1.3)
    public var literal: String {
        switch self {
        case .v4(let address): "[\(address)]"
        case .v6(let address): "[IPv6:\(address)]"
        }
    }

    /// Whether the address is a loopback address, an IPv4-mapped one included.
    public var isLoopback: Bool {
        switch self {
        case .v4(let address): address.isLoopback
        case .v6(let address): address.isLoopback
        }
    }

    /// The address to compare by: an IPv4-mapped IPv6 address becomes the IPv4 address, all others stay.
    ///
    /// A dual-stack listener sees IPv4 clients as mapped addresses. (RFC 3493 § 3.7)
    public var canonical: IPAddress {
        if case .v6(let address) = self, let mapped = address.mappedIPv4 { return .v4(mapped) }
        return self
    }
}

extension IPAddress: CustomStringConvertible {
    /// The bare address: dotted quad, or IPv6 in its shortest form. (RFC 5952)
    public var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address): address.description
        }
    }
}
