/// Why the argument of MAIL, RCPT, HELO or EHLO was refused.
///
/// Holds nothing the client sent, so it can be logged as it is.
public struct PathSyntaxError: Error, Hashable {
    /// What is wrong.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The argument does not begin with `<`.
        case expectedAngleBracket
        /// The argument ends before the path's `>`.
        case unterminated
        /// The path is longer than ``PathLimits/path``.
        case pathTooLong
        /// The local part is longer than ``PathLimits/localPart``.
        case localPartTooLong
        /// The domain is longer than ``PathLimits/domain``; for HELO and EHLO, longer than 255 octets.
        case domainTooLong
        /// The local part is neither dot-string nor quoted string.
        case invalidLocalPart
        /// The domain has a character, a label or a place for a hyphen that names don't have.
        case invalidDomain
        /// What stands in brackets is not an address literal.
        case invalidLiteral
        /// The path has no `@`; for HELO and EHLO, there is no argument.
        case missingDomain
        /// What stands before the mailbox is not a source route.
        case invalidSourceRoute
        /// `<>` as forward-path.
        case nullForwardPath
        /// The text after `>` does not begin with a space.
        case trailingText
        /// A parameter is not `keyword` or `keyword=value`.
        case invalidParameter
        /// There are more parameters than ``PathLimits/parameters``.
        case tooManyParameters
        /// An octet over 127 where only ASCII is allowed, that is before SMTPUTF8 is. (RFC 6531)
        case nonASCII
        /// Octets over 127 that are not UTF-8, or are a C1 control character.
        case invalidUTF8
    }

    /// What is wrong.
    public var code: Code
    /// Where in the argument the first unacceptable octet stands, or the argument's length when one is missing.
    public var offset: Int

    /// Makes an error for the octet at `offset`.
    public init(code: Code, offset: Int) {
        self.code = code
        self.offset = offset
    }
}

extension PathSyntaxError: CustomStringConvertible {
    /// Code and offset, for logs.
    public var description: String { "\(code) at octet \(offset)" }
}
