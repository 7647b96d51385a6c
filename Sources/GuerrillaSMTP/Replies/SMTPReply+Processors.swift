// Replies of processors' own making, made fit to stand in a dialogue. What is said in their text is bounded and cleaned where it is
// written; here it is what they mean.

extension SMTPReply {
    /// The most lines of a processor's reply that are sent.
    private static let maximumLines = 10

    /// The reply as the verdict on a message: 2yz, 4yz or 5yz. Nil for 3yz, which asks the client for more, and for 421 and 221, which
    /// announce that the connection closes. (RFC 5321 § 4.2.1, § 3.8)
    package var asVerdict: SMTPReply? {
        guard self.code != .serviceNotAvailable, self.code != .closing else { return nil }
        switch self.code.kind {
        case .positiveCompletion, .transientNegative, .permanentNegative: return self.fitted
        case .positiveIntermediate: return nil
        }
    }

    /// The same, but not as a 2yz.
    package var asRefusal: SMTPReply? {
        self.code.kind == .positiveCompletion ? nil : self.asVerdict
    }

    /// With an enhanced status code that fits the reply code, which every such reply has to have (RFC 2034 § 4), and no endless text.
    private var fitted: SMTPReply {
        let leading = UInt8(truncatingIfNeeded: self.code.rawValue / 100)
        var reply = self
        if let status = self.enhancedStatusCode, status.class == leading, status.subject < 1_000, status.detail < 1_000
        {
            reply.enhancedStatusCode = status
        } else {
            reply.enhancedStatusCode = EnhancedStatusCode(leading, 0, 0)
        }
        reply.lines = Array(self.lines.prefix(Self.maximumLines))
        return reply
    }
}
