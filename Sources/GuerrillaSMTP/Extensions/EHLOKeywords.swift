extension SMTPSession {
    /// The extensions offered in the reply to EHLO, each only where it works. (RFC 5321 § 4.1.1.1)
    ///
    /// The order is go-guerrilla's, with HELP last; what it does not know stands before HELP.
    var ehloKeywords: [String] {
        var keywords = [
            "SIZE \(self.limits.messageSize)",  // RFC 1870
            "PIPELINING",  // RFC 2920
        ]
        if self.tls == .offered { keywords.append("STARTTLS") }  // RFC 3207
        keywords += [
            "ENHANCEDSTATUSCODES",  // RFC 2034
            "8BITMIME",  // RFC 6152
            "BINARYMIME",  // RFC 3030
            "CHUNKING",  // RFC 3030
            "SMTPUTF8",  // RFC 6531
            // RFC 9422
            "LIMITS RCPTMAX=\(Self.limit(self.limits.recipients)) MAILMAX=\(Self.limit(self.limits.messages))",
        ]
        // Only to those who may use it.
        if self.xclient == .allowed { keywords.append(XCLIENTAttributes.keyword) }
        return keywords + ["HELP"]
    }

    /// A limit as it may be announced: from 1 to what six digits hold. (RFC 9422 § 4)
    private static func limit(_ value: Int) -> Int { min(max(1, value), 999_999) }
}
