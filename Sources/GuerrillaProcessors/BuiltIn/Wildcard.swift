public import GuerrillaBackend
public import GuerrillaMail

/// Accepts recipients whose host one of some patterns covers, and refuses all others.
///
/// `<postmaster>` without a host is left to the processors behind it. (RFC 5321 § 4.5.1)
///
/// - **Configuration**: `wildcard_hosts` (string, required): ``GuerrillaMail/GlobPattern``s separated by commas. Spaces around them and case do not
///   matter; neither does whether a label beyond ASCII is written as U-label or as A-label.
/// - **Reads**: the recipient.
/// - **Writes**: nothing.
/// - **Tasks**: validate.
/// - **Failure replies**: 550 5.1.1 `no such user`.
public struct Wildcard: Processor {
    /// It judges recipients.
    public static let capabilities: ProcessorCapabilities = [.validates]

    /// The settings.
    public struct Settings: ProcessorSettings {
        /// Patterns separated by commas.
        public var hosts = ""

        /// Settings without patterns.
        public init() {}

        static let hosts: Key<Settings, String> = Key(
            "wildcard_hosts",
            \.hosts,
            .text,
            isRequired: true,
            origin: .goGuerrilla,
            summary:
                "The hosts of accepted recipients: patterns with `*`, `?` and `[a-z]`, separated by commas. `*` covers dots too."
        )

        /// Settings without patterns.
        public static let defaults = Settings()
        /// The keys.
        public static let rows: [any ConfigurationRow<Settings>] = [hosts]
    }

    /// The processor for a registry, by the name `wildcard`.
    public static let description = ProcessorDescription("wildcard", Wildcard.self, settings: Settings.self) {
        _,
        settings in
        try Wildcard(hosts: settings.hosts)
    }

    private let patterns: [GlobPattern]

    /// Creates the processor.
    /// - Parameter hosts: Patterns separated by commas.
    /// - Throws: ``GuerrillaBackend/ConfigurationError`` when a pattern is malformed or there is none.
    public init(hosts: String) throws(ConfigurationError) {
        var patterns: [GlobPattern] = []
        for entry in hosts.split(separator: ",") {
            let text = entry.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()
            guard !text.isEmpty else { continue }
            guard let pattern = GlobPattern(domain: String(text)) else {
                throw Self.error("\"\(String(text))\" is not a pattern; a [...] is empty or not closed")
            }
            patterns.append(pattern)
        }
        guard !patterns.isEmpty else { throw Self.error("there is no pattern in it") }
        self.patterns = patterns
    }

    /// Refuses the recipient, or passes the question on.
    public func validate(
        _ recipient: Recipient,
        in envelope: borrowing Envelope,
        next: ValidateNext
    ) async throws -> RecipientVerdict {
        if let mailbox = recipient.path.mailbox, !self.covers(mailbox.domain) {
            return .rejected(reason: "no such user")
        }
        return try await next(recipient, in: envelope)
    }

    private func covers(_ domain: MailDomain) -> Bool {
        let texts = domain.patternTexts
        return self.patterns.contains { pattern in texts.contains { pattern.matches($0) } }
    }

    private static func error(_ message: String) -> ConfigurationError {
        ConfigurationError(keyPath: "backend_config.\(Settings.hosts.name)", message: message)
    }
}
