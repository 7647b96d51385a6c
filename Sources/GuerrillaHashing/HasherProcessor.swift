#if Hashing
public import GuerrillaBackend
public import GuerrillaMail

/// Makes a hash for each recipient: a name for the copy of a message that the recipient gets.
///
/// A hash is over a digest of what all recipients have in common (the reverse-path, the beginning of the subject, the time
/// of arrival in microseconds, the queued id), the number of the recipient in the envelope, and its forward-path. So it
/// depends on no other recipient, and no two are the same, also when a recipient is named twice.
///
/// - **Configuration**: `hasher_algorithm` (`blake2s-128`, with a key that is random per process, or `md5`; default
///   `blake2s-128`).
/// - **Reads**: `reversePath`, `recipients`, `receivedAt`, `queuedID`; `subject` of HeadersParser.
/// - **Writes**: `hashes`: 32 hexadecimal digits for each recipient, in the order of the recipients.
/// - **Tasks**: save.
/// - **Failure replies**: none.
public struct HasherProcessor: Processor {
    /// It handles messages.
    public static let capabilities: ProcessorCapabilities = [.saves]

    /// How a hash is made.
    public enum Algorithm: String, Sendable, CaseIterable {
        /// BLAKE2s with 128 bits, keyed with 8 octets that are random per process. (RFC 7693)
        case blake2s128 = "blake2s-128"
        /// What flashmob's go-guerrilla has. (RFC 1321)
        case md5
    }

    /// The settings.
    public struct Settings: ProcessorSettings {
        /// How hashes are made. The default is BLAKE2s.
        public var algorithm = Algorithm.blake2s128

        /// Settings with every default.
        public init() {}

        static let algorithm: Key<Settings, Algorithm> = Key(
            "hasher_algorithm",
            \.algorithm,
            .choice,
            summary: "What Hasher makes hashes with: `blake2s-128`, keyed at random per process, or `md5`."
        )

        /// Settings with every default.
        public static let defaults = Settings()
        /// The keys.
        public static let rows: [any ConfigurationRow<Settings>] = [algorithm]
    }

    /// The processor for a registry, by the name `Hasher`.
    public static let description: ProcessorDescription = {
        var description = ProcessorDescription("Hasher", HasherProcessor.self, settings: Settings.self) { _, settings in
            HasherProcessor(algorithm: settings.algorithm)
        }
        description.writes = [.hashes]
        return description
    }()

    private static let processKey = (0..<8).map { _ in UInt8.random(in: .min ... .max) }
    /// More would only cost time: the queued id is what makes hashes differ.
    private static let longestSubject = 1_024

    private let hash: HashAlgorithm

    /// Creates the processor.
    public init(algorithm: Algorithm = .blake2s128) {
        self.hash =
            switch algorithm {
            case .blake2s128: .blake2s128(key: Self.processKey)
            case .md5: .md5
            }
    }

    /// Makes the hashes and passes the message on.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        envelope.hashes = self.hashes(of: envelope)
        return try await next(&envelope)
    }

    private func hashes(of envelope: Envelope) -> [String] {
        var common = Array(envelope.reversePath.description.utf8)
        common.append(0)
        common.append(contentsOf: (envelope.subject ?? "").utf8.prefix(Self.longestSubject))
        common.append(0)
        common.append(contentsOf: "\(envelope.receivedAt) \(envelope.queuedID)".utf8)
        let digest = self.hash.digest(of: common)
        return envelope.recipients.enumerated().map { index, recipient in
            HexadecimalHash.digits(of: self.hash.digest(of: digest + Array("\(index + 1) \(recipient)".utf8)))
        }
    }
}
#endif
