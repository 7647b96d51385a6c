/// Octets of a server that are no reply, or one beyond the limits. Nothing behind them can be understood.
package enum RESPSyntaxError: Error, Hashable, CustomStringConvertible {
    /// No reply begins with this octet.
    case unknownType(UInt8)
    /// A line that does not end, ends in a bare LF, or has a CR within.
    case malformedLine
    /// A number, a length among them, that is none.
    case malformedNumber
    /// No CRLF behind a bulk string.
    case malformedBulkString
    /// More octets, elements or levels than ``RESPLimits`` allows.
    case tooLarge

    /// For the log.
    package var description: String {
        switch self {
        case .unknownType(let octet): "a reply that begins with the octet \(octet)"
        case .malformedLine: "a reply with a malformed line"
        case .malformedNumber: "a reply with a malformed number"
        case .malformedBulkString: "a reply with a malformed bulk string"
        case .tooLarge: "a reply larger than allowed"
        }
    }
}
