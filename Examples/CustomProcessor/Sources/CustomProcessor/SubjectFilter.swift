import Guerrilla

/// Refuses messages whose subject has a word that is not wanted.
struct SubjectFilter: Processor {
    static let capabilities: ProcessorCapabilities = [.saves]

    /// The keys of `backend_config`.
    struct Settings: ProcessorSettings {
        var words = ["lottery"]

        static let words: Key<Settings, [String]> = Key(
            "subject_filter_words",
            \.words,
            .texts,
            summary: "Words, in lower case, that no subject may have."
        )
        static let defaults = Settings()
        static let rows: [any ConfigurationRow<Settings>] = [words]
    }

    /// How chains name it.
    static let description = ProcessorDescription("SubjectFilter", SubjectFilter.self, settings: Settings.self) {
        _,
        settings in
        SubjectFilter(words: settings.words)
    }

    let words: [String]

    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        let subject = envelope.subject?.lowercased() ?? ""
        if let word = self.words.first(where: { subject.contains($0) }) {
            return .reply(SMTPReply(.mailboxUnavailable, EnhancedStatusCode(5, 7, 1), "Nothing about \(word), please"))
        }
        return try await next(&envelope)
    }
}
