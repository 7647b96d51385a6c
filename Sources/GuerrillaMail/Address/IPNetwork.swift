/// A block of addresses that share a prefix: `192.0.2.0/24`, `2001:db8::/32`, or a single address. (RFC 4632 § 3.1,
/// RFC 4291 § 2.3)
public struct IPNetwork: Hashable, Sendable {
    /// The first address of the network: all bits after the prefix are zero. An IPv4-mapped network is kept as IPv4.
    public let address: IPAddress
    /// How many leading bits the addresses share: 0 to 32 (IPv4) or to 128 (IPv6).
    public let prefixLength: Int

    /// The network of one address.
    public init(_ address: IPAddress) {
        self.address = address.canonical
        self.prefixLength = self.address.bitCount
    }

    /// Reads an address, or `address/length`. An IPv4-mapped network (`::ffff:192.0.2.0/120`) becomes IPv4.
    ///
    /// Bits after the prefix must be zero: `192.0.2.7/24` may be meant as `192.0.2.7` or as `192.0.2.0/24`.
    ///
    /// - Throws: ``IPNetworkSyntaxError``.
    public init(parsing text: String) throws(IPNetworkSyntaxError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let written = IPAddress(String(first)) else { throw .invalidAddress }
        guard parts.count == 2 else {
            self.init(written)
            return
        }
        guard let length = Self.prefixLength(parts[1]), length <= written.bitCount else {
            throw .invalidPrefixLength(maximum: written.bitCount)
        }
        let prefix = written.prefix(length)
        guard prefix == written else {
            throw .bitsAfterPrefix(suggestion: "\(prefix)/\(length)")
        }
        // The mapped addresses share 96 bits, the last of them a one: with a shorter prefix there were bits after it.
        let canonical = written.canonical
        self.init(address: canonical, prefixLength: length - (written.bitCount - canonical.bitCount))
    }

    /// One to three digits, as no longer prefix exists; no leading zeros.
    private static func prefixLength(_ text: Substring) -> Int? {
        let digits = text.utf8
        guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
        return Int(text)
    }

    /// Whether the network has this address. An IPv4-mapped address counts as IPv4, so `::/0` has no IPv4 client.
    public func contains(_ address: IPAddress) -> Bool {
        switch (self.address, address.canonical) {
        case (.v4, .v4(let candidate)): IPAddress.v4(candidate).prefix(self.prefixLength) == self.address
        case (.v6, .v6(let candidate)): IPAddress.v6(candidate).prefix(self.prefixLength) == self.address
        case (.v4, .v6), (.v6, .v4): false
        }
    }

    /// The loopback addresses: 127.0.0.0/8 (RFC 1122 § 3.2.1.3) and ::1 (RFC 4291 § 2.5.3).
    public static let loopback = [
        IPNetwork(address: .v4(IPv4Address(127, 0, 0, 0)), prefixLength: 8),
        IPNetwork(.v6(IPv6Address(rawValue: 1))),
    ]

    private init(address: IPAddress, prefixLength: Int) {
        self.address = address
        self.prefixLength = prefixLength
    }
}

extension IPNetwork: CustomStringConvertible {
    /// `192.0.2.0/24`; a single address too has its prefix length.
    public var description: String { "\(self.address)/\(self.prefixLength)" }
}

extension [IPNetwork] {
    /// Whether one of the networks has this address; an unknown one (nil) is in none.
    public func cover(_ address: IPAddress?) -> Bool {
        guard let address else { return false }
        return self.contains { $0.contains(address) }
    }
}

/// Why a text is no ``IPNetwork``.
public enum IPNetworkSyntaxError: Error, Hashable {
    /// What stands before the slash, or the whole text, is neither an IPv4 nor an IPv6 address.
    case invalidAddress
    /// What stands after the slash is not a number from 0 to `maximum`.
    case invalidPrefixLength(maximum: Int)
    /// The address goes on after the prefix; `suggestion` is the network it lies in.
    case bitsAfterPrefix(suggestion: String)
}

extension IPNetworkSyntaxError: CustomStringConvertible {
    /// What is wrong, as part of a sentence.
    public var description: String {
        switch self {
        case .invalidAddress: "not an IP address or network such as 192.0.2.0/24 or 2001:db8::/32"
        case .invalidPrefixLength(let maximum): "the prefix length is a number from 0 to \(maximum)"
        case .bitsAfterPrefix(let suggestion): "the address has bits after the prefix; the network is \(suggestion)"
        }
    }
}

extension IPAddress {
    /// How long the address is, in bits.
    fileprivate var bitCount: Int {
        switch self {
        case .v4: UInt32.bitWidth
        case .v6: UInt128.bitWidth
        }
    }

    /// The address with all but the first `length` bits cleared.
    fileprivate func prefix(_ length: Int) -> IPAddress {
        // Smart shifts: a shift by the whole width gives 0.
        let rest = self.bitCount - length
        switch self {
        case .v4(let address): return .v4(IPv4Address(rawValue: (address.rawValue >> rest) << rest))
        case .v6(let address): return .v6(IPv6Address(rawValue: (address.rawValue >> rest) << rest))
        }
    }
}
