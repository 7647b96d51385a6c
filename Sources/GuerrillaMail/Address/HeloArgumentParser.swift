/// Reads the argument of HELO and EHLO. (RFC 5321 § 4.1.1.1)
public enum HeloArgumentParser {
    /// The longest name or literal, in octets. (RFC 5321 § 4.5.3.1.2)
    private static let longestDomain = 255

    /// Parses a domain name or an address literal.
    ///
    /// More lenient than a path's domain, as clients name themselves in many ways: a trailing dot stays in the name,
    /// underscores pass, and HELO may give a literal too. Spaces around it are skipped. (§ 4.1.1: tolerate trailing
    /// white space)
    ///
    /// - Parameter argument: The octets after the verb, without the line ending.
    /// - Throws: ``PathSyntaxError``: `missingDomain` when there is no argument, `domainTooLong` beyond 255 octets,
    ///   `nonASCII` (EHLO comes before SMTPUTF8 can be asked for), `invalidDomain` or `invalidLiteral`.
    public static func parse(_ argument: Span<UInt8>) throws(PathSyntaxError) -> MailDomain {
        var start = 0
        PathGrammar.skipSpaces(argument, &start)
        var end = argument.count
        while end > start, argument[end - 1] == UInt8(ascii: " ") { end -= 1 }
        guard start < end else { throw PathSyntaxError(code: .missingDomain, offset: start) }
        guard end - start <= longestDomain else {
            throw PathSyntaxError(code: .domainTooLong, offset: start + longestDomain)
        }

        var index = start
        if argument[start] == UInt8(ascii: "[") {
            let literal = try PathGrammar.scanLiteral(argument, &index, allowsUTF8: false)
            guard index == end else {
                throw PathGrammar.unexpected(argument, at: index, .invalidLiteral, allowsUTF8: false)
            }
            return .literal(literal)
        }
        let overlongLabel = try PathGrammar.scanDomain(argument, &index, allowsUTF8: false, allowsTrailingDot: true)
        guard index == end else {
            throw PathGrammar.unexpected(argument, at: index, .invalidDomain, allowsUTF8: false)
        }
        if let overlongLabel { throw PathSyntaxError(code: .invalidDomain, offset: overlongLabel) }
        return .name(PathGrammar.text(argument, start..<end))
    }
}
