/// Octets from a FastCGI server that are not what the protocol allows, or more than we take.
package enum FastCGIProtocolError: Error, Equatable, CustomStringConvertible {
    /// A record of another version than 1.
    case version(UInt8)
    /// A record of a type that no server sends.
    case recordType(UInt8)
    /// A record of a request that we did not make.
    case requestID(UInt16)
    /// The end of a request in another form than its eight octets.
    case endRequest
    /// The server did not serve the request: 1 to 3 in the specification. (FastCGI 1.0 § 5.5)
    case notServed(UInt8)
    /// More standard output than `fcgi_max_reply_size`.
    case tooLarge(limit: Int)
    /// Standard output that does not begin with a header section and a blank line. (RFC 3875 § 6.2)
    case noHeaderSection

    package var description: String {
        switch self {
        case .version(let version): "a record of version \(version), which is not FastCGI"
        case .recordType(let type): "a record of type \(type), which no server sends"
        case .requestID(let id): "a record of request \(id), which was not made"
        case .endRequest: "a malformed end of the request"
        case .notServed(1): "the server serves one request at a time (FCGI_CANT_MPX_CONN)"
        case .notServed(2): "the server is overloaded (FCGI_OVERLOADED)"
        case .notServed(3): "the server is no responder (FCGI_UNKNOWN_ROLE)"
        case .notServed(let status): "the request was not served (status \(status))"
        case .tooLarge(let limit): "the script says more than \(limit) octets (fcgi_max_reply_size)"
        case .noHeaderSection: "the script's output has no header section"
        }
    }
}
