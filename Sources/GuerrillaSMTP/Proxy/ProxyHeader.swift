package import GuerrillaMail

/// What stands before the first octet of SMTP where a proxy is in front: who the client is.
package struct ProxyHeader: Sendable, Equatable {
    /// An address with its port.
    package struct Endpoint: Sendable, Equatable {
        package let address: IPAddress
        package let port: UInt16
    }

    /// Who has opened the connection.
    package enum Origin: Sendable, Equatable {
        /// The proxy itself, to see whether we are there. (LOCAL)
        case proxy
        /// A client whose address the proxy does not know. (UNKNOWN, AF_UNSPEC)
        case unknown
        /// A client of the proxy, from `source` to `destination`.
        case client(source: Endpoint, destination: Endpoint)
        /// A client on a Unix socket of the proxy. (AF_UNIX)
        case unixSocket
    }

    package let origin: Origin
    package let info: ProxyInfo
}

/// Why the start of a connection is no PROXY header.
package enum ProxyHeaderError: Error, Hashable, CaseIterable {
    case notProxy
    case lineTooLong
    case badLineEnding
    case badProtocol
    case badAddress
    case badPort
    case badVersion
    case badCommand
    case badFamily
    case datagram
    case tooLong
    case addressesTooShort
    case badTLV
    case badChecksum
}

extension ProxyHeaderError: CustomStringConvertible {
    /// What is wrong, for the log. Holds nothing that the peer sent.
    package var description: String {
        switch self {
        case .notProxy: "the connection does not start with a PROXY header"
        case .lineTooLong: "the line is longer than \(ProxyHeaderDecoder.maximumLineLength) octets"
        case .badLineEnding: "the line does not end in CRLF"
        case .badProtocol: "the protocol is not TCP4, TCP6 or UNKNOWN"
        case .badAddress: "an address is malformed or of the wrong family"
        case .badPort: "a port is malformed"
        case .badVersion: "the version is not 2"
        case .badCommand: "the command is neither LOCAL nor PROXY"
        case .badFamily: "the address family or the transport protocol does not exist"
        case .datagram: "the transport protocol is not a stream"
        case .tooLong: "the header is longer than \(ProxyHeaderDecoder.maximumLength) octets"
        case .addressesTooShort: "the header is too short for its addresses"
        case .badTLV: "a TLV vector is malformed"
        case .badChecksum: "the CRC32C checksum does not match"
        }
    }
}
