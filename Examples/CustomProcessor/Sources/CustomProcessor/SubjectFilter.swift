import Guerrilla

/// Refuses messages whose subject has a word that is not wanted.
struct SubjectFilter: Processor {
    static let capabilities: ProcessorCapabilities = [.saves]

    /// A key of `backend_config`.
    static let words = ConfigurationKey(
        "subject_filter_words",
        .stringList,
        default: .stringList(["lottery"]),
        summary: "Words, in lower case, that no subject may have."
    )

    /// How chains name it.
    static let description = ProcessorDescription(
        "SubjectFilter",
        SubjectFilter.self,
        configurationKeys: [words]
    ) { context in
        SubjectFilter(words: try context.configuration.requiredStringList(words))
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
