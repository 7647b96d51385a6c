/// `host:port`, as a configuration writes where a server is or listens.
///
/// An IPv6 address stands in brackets. Either part may be missing: what stands for it then, the key decides.
package struct HostAndPort: Sendable, Hashable, CustomStringConvertible {
    /// What is wrong with a text. Says nothing of what stands in it: it may be a password in the wrong place.
    package struct Malformed: Error, Hashable, CustomStringConvertible {
        /// One sentence.
        package let description: String
    }

    /// A name or an address, without brackets; empty when there is none.
    package let host: String
    /// nil when there is none.
    package let port: Int?

    package init(host: String, port: Int?) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, `host` or `:port`.
    ///
    /// - Parameters:
    ///   - text: At most 255 octets of it are the host.
    ///   - ports: What the port may be.
    package init(_ text: some StringProtocol, ports: ClosedRange<Int> = 1...65_535) throws(Malformed) {
        let octets = Array(text.utf8)
        let host: ArraySlice<UInt8>
        let rest: ArraySlice<UInt8>
        if octets.first == UInt8(ascii: "[") {
            guard let close = octets.firstIndex(of: UInt8(ascii: "]")) else {
                throw Malformed(description: "'[' without ']'")
            }
            host = octets[1..<close]
            rest = octets[(close + 1)...]
            guard rest.isEmpty || rest.first == UInt8(ascii: ":") else {
                throw Malformed(description: "']' is not followed by ':' and a port")
            }
        } else {
            let colon = octets.firstIndex(of: UInt8(ascii: ":")) ?? octets.endIndex
            host = octets[..<colon]
            rest = octets[colon...]
            guard !rest.dropFirst().contains(UInt8(ascii: ":")) else {
                throw Malformed(description: "more than one ':'; an IPv6 address stands in brackets")
            }
        }
        guard host.count <= 255, host.allSatisfy(Self.mayStandInHost) else {
            throw Malformed(description: "the host is no name and no address")
        }
        self.host = String(decoding: host, as: UTF8.self)
        guard !rest.isEmpty else {
            self.port = nil
            return
        }
        // Int takes a sign, a port has none.
        guard rest.dropFirst().allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }),
            let port = Int(String(decoding: rest.dropFirst(), as: UTF8.self)), ports.contains(port)
        else {
            throw Malformed(description: "the port is not a number from \(ports.lowerBound) to \(ports.upperBound)")
        }
        self.port = port
    }

    /// Printable ASCII but brackets and `@`, which stands behind a password.
    private static func mayStandInHost(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "@"): false
        default: 33 <= octet && octet <= 126
        }
    }

    /// As it is read, with an IPv6 address in brackets.
    package var description: String {
        let host = self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]" : self.host
        return self.port.map { "\(host):\($0)" } ?? host
    }
}
