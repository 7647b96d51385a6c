package import GuerrillaMail

/// Where a session stands with TLS.
package enum TLSAccess: Sendable, Equatable {
    /// STARTTLS does not exist.
    case unavailable
    /// STARTTLS begins it.
    case offered
    /// It is in use.
    case active
}

extension SMTPSession {
    /// STARTTLS (RFC 3207 § 4)
    mutating func startTLS() -> SMTPAction {
        if self.tls == .active { return self.refuseBadCommand(.tlsAlreadyActive) }
        self.state = .startingTLS
        return .startTLS(.readyToStartTLS)
    }

    /// Whether TLS is to begin and has not yet.
    package var isTLSPending: Bool {
        if case .startingTLS = self.state { return true }
        return self.tls == .active && self.client.tls == nil
    }

    /// TLS is in use from here on: what has been said before may have been said by anybody, so all of it is forgotten.
    /// (RFC 3207 § 4.2)
    package mutating func tlsStarted(_ info: TLSInfo) {
        self.tls = .active
        self.client.tls = info
        self.client.helo = nil
        self.client.isExtended = false
        self.resetTransaction()
        if case .startingTLS = self.state { self.state = .ready }
    }
}
