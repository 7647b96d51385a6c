import GuerrillaMail

extension SMTPSession {
    /// MAIL (RFC 5321 § 4.1.1.2)
    mutating func mail(_ argument: Span<UInt8>) -> SMTPAction {
        if self.transaction != nil { return self.refuseBadCommand(.nestedMail) }
        guard let start = Self.offset(after: "FROM:", in: argument) else { return self.refuseBadCommand(.mailSyntax) }
        let path: ReversePath
        let parameters: [ESMTPParameter]
        do throws(PathSyntaxError) {
            (path, parameters) = try PathParser.parseReversePath(
                argument.extracting(start...),
                limits: self.limits.paths,
                // Whether that was agreed stands behind the path.
                allowsUTF8: true
            )
        } catch {
            return self.refuseBadCommand(self.reply(to: error))
        }
        var mailParameters = MailParameters()
        if let refusal = mailParameters.read(parameters, isExtended: self.client.isExtended) {
            return self.refuseBadCommand(refusal)
        }
        if !mailParameters.isSMTPUTF8, !path.isASCII { return self.refuseBadCommand(.reversePathNeedsUTF8) }
        if let size = mailParameters.size, size > UInt64(clamping: self.limits.messageSize) {
            return .reply(.messageTooLarge(limit: self.limits.messageSize))
        }
        if self.isStorageExhausted { return .reply(.insufficientStorage) }
        return self.beginTransaction(
            MailTransaction(
                reversePath: path,
                bodyType: mailParameters.bodyType ?? .sevenBit,
                isSMTPUTF8: mailParameters.isSMTPUTF8
            )
        )
    }

    /// RCPT (RFC 5321 § 4.1.1.3)
    mutating func rcpt(_ argument: Span<UInt8>) -> SMTPAction {
        if self.reception != nil { return self.refuseBadCommand(.recipientAfterChunk) }
        guard let start = Self.offset(after: "TO:", in: argument) else { return self.refuseBadCommand(.rcptSyntax) }
        let path: ForwardPath
        let parameters: [ESMTPParameter]
        do throws(PathSyntaxError) {
            (path, parameters) = try PathParser.parseForwardPath(
                argument.extracting(start...),
                limits: self.limits.paths,
                allowsUTF8: self.transaction?.isSMTPUTF8 == true
            )
        } catch {
            return self.refuseBadCommand(self.reply(to: error))
        }
        if let parameter = parameters.first {
            return self.refuseBadCommand(.unknownParameter(parameter.keyword))
        }
        guard let transaction = self.transaction, transaction.recipients.count < self.limits.recipients else {
            return .reply(.tooManyRecipients)
        }
        return self.validate(Recipient(path))
    }

    /// Where the path begins, after `FROM:` or `TO:` in any case.
    private static func offset(after keyword: StaticString, in argument: Span<UInt8>) -> Int? {
        argument.begins(with: keyword) ? keyword.utf8CodeUnitCount : nil
    }

    private func reply(to error: PathSyntaxError) -> SMTPReply {
        switch error.code {
        case .pathTooLong: .pathTooLong
        case .localPartTooLong: .localPartTooLong(limit: self.limits.paths.localPart)
        case .domainTooLong: .domainTooLong
        case .nonASCII: .forwardPathNeedsUTF8
        case .invalidParameter, .tooManyParameters: .malformedParameters
        default: .invalidAddress
        }
    }
}

/// The parameters of MAIL that we know.
struct MailParameters: Equatable {
    /// The announced size in octets. (RFC 1870 § 6)
    var size: UInt64?
    /// RFC 6152 § 3, RFC 3030 § 3
    var bodyType: BodyType?
    /// Addresses and header fields may hold UTF-8. (RFC 6531 § 3.4)
    var isSMTPUTF8 = false

    /// Reads the parameters in order.
    /// - Returns: The reply that refuses the first one that is unknown, repeated or malformed.
    mutating func read(_ parameters: [ESMTPParameter], isExtended: Bool) -> SMTPReply? {
        for parameter in parameters {
            // Without EHLO no extension was agreed. (RFC 5321 § 4.1.1.1)
            guard isExtended else { return .unknownParameter(parameter.keyword) }
            switch parameter.keyword {
            case "SIZE":
                guard self.size == nil, let value = parameter.value, let size = Self.number(value) else {
                    return .badParameter(parameter.keyword)
                }
                self.size = size
            case "BODY":
                guard self.bodyType == nil, let value = parameter.value, let type = Self.bodyType(value) else {
                    return .badParameter(parameter.keyword)
                }
                self.bodyType = type
            case "SMTPUTF8":
                guard !self.isSMTPUTF8, parameter.value == nil else { return .badParameter(parameter.keyword) }
                self.isSMTPUTF8 = true
            default:
                return .unknownParameter(parameter.keyword)
            }
        }
        return nil
    }

    /// One to twenty digits; a number too large to hold is as large as can be. (RFC 1870 § 6)
    private static func number(_ text: String) -> UInt64? {
        guard (1...20).contains(text.utf8.count) else { return nil }
        var value: UInt64 = 0
        for octet in text.utf8 {
            guard (0x30...0x39).contains(octet) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(octet - 0x30))
            value = overflow || carry ? .max : sum
        }
        return value
    }

    private static func bodyType(_ text: String) -> BodyType? {
        switch text.uppercased() {
        case "7BIT": .sevenBit
        case "8BITMIME": .eightBitMIME
        case "BINARYMIME": .binaryMIME
        default: nil
        }
    }
}
