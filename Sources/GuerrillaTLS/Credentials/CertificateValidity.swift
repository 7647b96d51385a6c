#if TLS
import GuerrillaMail

/// From when to when a certificate is valid, in seconds since 1970.
struct CertificateValidity {
    let begin: Int
    let end: Int

    /// How long before its end a certificate should have been renewed: 14 days.
    private static let renewal = 14 * 86_400

    /// The end of a sentence, if it has expired, should have been renewed, or is not valid yet.
    func warning(at now: Int) -> String? {
        if self.end < now { return "expired on \(MailDate(unixSeconds: self.end).rfc3339)" }
        if self.begin > now { return "is not valid before \(MailDate(unixSeconds: self.begin).rfc3339)" }
        let (lifetime, isEndless) = self.end.subtractingReportingOverflow(self.begin)
        guard !isEndless else { return nil }
        // Those for a few days are renewed when a third of their time is left. `now` lies between the two.
        return self.end - now < min(Self.renewal, lifetime / 3)
            ? "expires on \(MailDate(unixSeconds: self.end).rfc3339); renew it" : nil
    }
}
#endif
