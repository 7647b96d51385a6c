/// Reads the arguments of MAIL and RCPT. (RFC 5321 § 4.1.1.2, § 4.1.1.3, § 4.1.2)
///
/// Beyond the grammar, accepts spaces before `<` and at the end, and underscores in domain names. The text is scanned
/// once, and only what is kept is copied.
public enum PathParser {
    /// Parses the argument of MAIL.
    ///
    /// A source route is accepted and dropped. (§ 3.3, appendix C)
    ///
    /// - Parameters:
    ///   - argument: The octets after `FROM:`, without the line ending.
    ///   - limits: The largest sizes accepted.
    ///   - allowsUTF8: Whether local part, domain and parameter values may hold UTF-8. (RFC 6531 § 3.3)
    /// - Returns: The path, and the parameters in order, repeated ones included.
    /// - Throws: ``PathSyntaxError`` for the first fault. Lengths come after the syntax of the whole path, and the
    ///   path's before its parts'.
    public static func parseReversePath(
        _ argument: Span<UInt8>,
        limits: PathLimits,
        allowsUTF8: Bool
    ) throws(PathSyntaxError) -> (path: ReversePath, parameters: [ESMTPParameter]) {
        var index = 0
        let path: ReversePath
        switch try parsePath(argument, &index, isForward: false, limits: limits, allowsUTF8: allowsUTF8) {
        case .mailbox(let mailbox): path = .mailbox(mailbox)
        case .null, .postmaster: path = .null  // never postmaster: that is for forward-paths only
        }
        return (path, try parseParameters(argument, from: index, limits: limits, allowsUTF8: allowsUTF8))
    }

    /// Parses the argument of RCPT.
    ///
    /// `<postmaster>` needs no domain, in any case and also quoted; no other local part may lack it. (§ 4.5.1)
    /// A source route is accepted and dropped. (§ 3.3, appendix C)
    ///
    /// - Parameters:
    ///   - argument: The octets after `TO:`, without the line ending.
    ///   - limits: The largest sizes accepted.
    ///   - allowsUTF8: Whether local part, domain and parameter values may hold UTF-8. (RFC 6531 § 3.3)
    /// - Returns: The path, and the parameters in order, repeated ones included.
    /// - Throws: ``PathSyntaxError`` for the first fault. Lengths come after the syntax of the whole path, and the
    ///   path's before its parts'.
    public static func parseForwardPath(
        _ argument: Span<UInt8>,
        limits: PathLimits,
        allowsUTF8: Bool
    ) throws(PathSyntaxError) -> (path: ForwardPath, parameters: [ESMTPParameter]) {
        var index = 0
        let path: ForwardPath
        switch try parsePath(argument, &index, isForward: true, limits: limits, allowsUTF8: allowsUTF8) {
        case .mailbox(let mailbox): path = .mailbox(mailbox)
        case .postmaster: path = .postmaster
        case .null: throw PathSyntaxError(code: .nullForwardPath, offset: index - 1)
        }
        return (path, try parseParameters(argument, from: index, limits: limits, allowsUTF8: allowsUTF8))
    }
}

// MARK: - Path

extension PathParser {
    private enum Path {
        case null
        case postmaster
        case mailbox(Mailbox)
    }

    /// Reads a path with its brackets and leaves `index` after `>`.
    private static func parsePath(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        isForward: Bool,
        limits: PathLimits,
        allowsUTF8: Bool
    ) throws(PathSyntaxError) -> Path {
        PathGrammar.skipSpaces(bytes, &index)
        guard index < bytes.count, bytes[index] == UInt8(ascii: "<") else {
            throw PathSyntaxError(code: .expectedAngleBracket, offset: index)
        }
        let start = index
        index += 1
        guard index < bytes.count else { throw PathSyntaxError(code: .unterminated, offset: index) }
        if bytes[index] == UInt8(ascii: ">") {
            index += 1
            return .null
        }
        let hasRoute = bytes[index] == UInt8(ascii: "@")
        if hasRoute { try PathGrammar.scanSourceRoute(bytes, &index, allowsUTF8: allowsUTF8) }

        let localPart = try PathGrammar.scanLocalPart(bytes, &index, allowsUTF8: allowsUTF8)
        guard index < bytes.count else { throw PathSyntaxError(code: .unterminated, offset: index) }
        switch bytes[index] {
        case UInt8(ascii: "@"):
            index += 1
        case UInt8(ascii: ">"):
            // The length says first whether the word is worth making: with every octet escaped it has 22.
            if isForward, !hasRoute, localPart.range.count <= 22,
                localPart.text(bytes).lowercased() == "postmaster"
            {
                index += 1
                return .postmaster
            }
            throw PathSyntaxError(code: .missingDomain, offset: index)
        default:
            throw PathSyntaxError(code: .invalidLocalPart, offset: index)
        }

        let domainStart = index
        var literal: AddressLiteral?
        var overlongLabel: Int?
        if index < bytes.count, bytes[index] == UInt8(ascii: "[") {
            literal = try PathGrammar.scanLiteral(bytes, &index, allowsUTF8: allowsUTF8)
        } else {
            overlongLabel = try PathGrammar.scanDomain(bytes, &index, allowsUTF8: allowsUTF8)
        }
        let domainRange = domainStart..<index
        guard index < bytes.count else { throw PathSyntaxError(code: .unterminated, offset: index) }
        guard bytes[index] == UInt8(ascii: ">") else {
            let code: PathSyntaxError.Code = literal == nil ? .invalidDomain : .invalidLiteral
            throw PathGrammar.unexpected(bytes, at: index, code, allowsUTF8: allowsUTF8)
        }
        index += 1

        try checkLength(of: start..<index, against: limits.path, .pathTooLong)
        try checkLength(of: localPart.range, against: limits.localPart, .localPartTooLong)
        try checkLength(of: domainRange, against: limits.domain, .domainTooLong)
        if let overlongLabel { throw PathSyntaxError(code: .invalidDomain, offset: overlongLabel) }
        let domain = literal.map(MailDomain.literal) ?? .name(PathGrammar.text(bytes, domainRange))
        return .mailbox(Mailbox(localPart: localPart.text(bytes), domain: domain))
    }

    @inline(__always)
    private static func checkLength(
        of range: Range<Int>,
        against limit: Int,
        _ code: PathSyntaxError.Code
    ) throws(PathSyntaxError) {
        guard range.count <= limit else {
            throw PathSyntaxError(code: code, offset: range.lowerBound + max(limit, 0))
        }
    }
}

// MARK: - Parameters

extension PathParser {
    /// Reads `*( SP keyword [ "=" value ] )` up to the end. (RFC 5321 § 4.1.2 `Mail-parameters`)
    private static func parseParameters(
        _ bytes: Span<UInt8>,
        from start: Int,
        limits: PathLimits,
        allowsUTF8: Bool
    ) throws(PathSyntaxError) -> [ESMTPParameter] {
        var index = start
        guard index < bytes.count else { return [] }
        guard bytes[index] == UInt8(ascii: " ") else { throw PathSyntaxError(code: .trailingText, offset: index) }
        var parameters: [ESMTPParameter] = []
        while true {
            PathGrammar.skipSpaces(bytes, &index)
            guard index < bytes.count else { return parameters }
            guard parameters.count < limits.parameters else {
                throw PathSyntaxError(code: .tooManyParameters, offset: index)
            }
            parameters.append(try parseParameter(bytes, &index, allowsUTF8: allowsUTF8))
        }
    }

    private static func parseParameter(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        allowsUTF8: Bool
    ) throws(PathSyntaxError) -> ESMTPParameter {
        let keywordStart = index
        guard ByteSet.letterOrDigit.contains(bytes[index]) else {
            throw PathSyntaxError(code: .invalidParameter, offset: index)
        }
        while index < bytes.count, ByteSet.letterDigitOrHyphen.contains(bytes[index]) { index += 1 }
        let keyword = PathGrammar.text(bytes, keywordStart..<index).uppercased()
        guard index < bytes.count, bytes[index] != UInt8(ascii: " ") else { return ESMTPParameter(keyword: keyword) }
        guard bytes[index] == UInt8(ascii: "=") else {
            throw PathSyntaxError(code: .invalidParameter, offset: index)
        }
        index += 1
        let valueStart = index
        while index < bytes.count, bytes[index] != UInt8(ascii: " ") {
            if ByteSet.parameterValue.contains(bytes[index]) {
                index += 1
            } else if bytes[index] >= 0x80 {
                try PathGrammar.scanNonASCII(bytes, &index, allowsUTF8: allowsUTF8)
            } else {
                throw PathSyntaxError(code: .invalidParameter, offset: index)
            }
        }
        guard index > valueStart else { throw PathSyntaxError(code: .invalidParameter, offset: index) }
        return ESMTPParameter(keyword: keyword, value: PathGrammar.text(bytes, valueStart..<index))
    }
}
