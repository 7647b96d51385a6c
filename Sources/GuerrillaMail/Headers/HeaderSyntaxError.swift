/// A header section that could not be parsed to its end.
public struct HeaderSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was wrong.
    public enum Code: Sendable, Hashable {
        /// The section has not ended within ``HeaderLimits/maximumSize`` octets.
        case tooLarge
        /// The section has more than ``HeaderLimits/maximumFieldCount`` fields.
        case tooManyFields
        /// A line is neither a header field nor the continuation of one: no colon, or no valid name before it.
        case malformedField
    }

    /// What was wrong.
    public let code: Code

    /// The first octet of the line at fault, counted from the start of the message; for ``Code/tooLarge`` the
    /// first octet past the limit.
    public let offset: Int

    /// The fields before the fault. Its ``HeaderSection/octetCount`` is where the line at fault starts, which most
    /// receivers take for the start of the body.
    public let partial: HeaderSection

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: What was wrong.
    ///   - offset: Where, in octets from the start of the message.
    ///   - partial: The fields before the fault.
    public init(code: Code, offset: Int, partial: HeaderSection) {
        self.code = code
        self.offset = offset
        self.partial = partial
    }

    /// What was wrong and where, without any message content.
    public var description: String {
        let fault =
            switch code {
            case .tooLarge: "header section larger than allowed"
            case .tooManyFields: "more header fields than allowed"
            case .malformedField: "line is not a header field"
            }
        return "\(fault), at octet \(offset), after \(partial.fields.count) fields"
    }
}
