#if Compression
public import GuerrillaBackend
public import GuerrillaMail

/// Compresses the message for the store behind it: the delivery header and the data, as they would be stored, in one
/// stream.
///
/// The message itself is left alone. Put it right before the store: what a later processor changes is not in the stream.
///
/// - **Configuration**: `compressor_algorithm` (`zlib` or `zstd`, default `zlib`), `compressor_level` (integer, 1 is fast, 9
///   is small, default 1); the stream is of what `stored_line_endings` makes of the message.
/// - **Reads**: the message; `deliveryHeader` of Header.
/// - **Writes**: ``GuerrillaBackend/CompressedMessage`` under its own key.
/// - **Tasks**: save. What takes more than a tenth of a millisecond is compressed on another thread: 6 KiB with `zlib` at level 1, 26 KiB
///   with `zstd`.
/// - **Failure replies**: 452 4.3.1 when `max_message_memory` has no room for the result, 451 4.3.0 when a library fails.
public struct CompressorProcessor: Processor {
    /// It handles messages.
    public static let capabilities: ProcessorCapabilities = [.saves]

    /// The settings.
    public struct Settings: ProcessorSettings {
        /// The form of the stream. The default is zlib.
        public var algorithm = CompressedMessage.Algorithm.zlib
        /// 1 (fast) to 9 (small). The default is 1.
        public var level = 1

        /// Settings with every default.
        public init() {}

        static let algorithm: Key<Settings, CompressedMessage.Algorithm> = Key(
            "compressor_algorithm",
            \.algorithm,
            .choice,
            summary: "What Compressor makes of a message. `zlib` is what go-guerrilla stores."
        )
        static let level: Key<Settings, Int> = Key(
            "compressor_level",
            \.level,
            .integer,
            range: 1...9,
            summary: "How hard Compressor tries: 1 is fast, 9 is small."
        )

        /// Settings with every default.
        public static let defaults = Settings()
        /// The keys.
        public static let rows: [any ConfigurationRow<Settings>] = [algorithm, level]
    }

    /// The processor for a registry, by the name `Compressor`.
    public static let description: ProcessorDescription = {
        var description = ProcessorDescription("Compressor", CompressorProcessor.self, settings: Settings.self) {
            context,
            settings in
            CompressorProcessor(
                algorithm: settings.algorithm,
                level: settings.level,
                lineEndings: context.storedLineEndings
            )
        }
        description.reads = [.deliveryHeader]
        description.writes = [.compressedMessage]
        description.usesLineEndings = true
        return description
    }()

    private let compression: MessageCompression
    private let lineEndings: StoredLineEndings

    /// Creates the processor.
    /// - Parameters:
    ///   - algorithm: The form of the stream.
    ///   - level: 1 (fast) to 9 (small).
    ///   - lineEndings: `stored_line_endings`.
    public init(
        algorithm: CompressedMessage.Algorithm = .zlib,
        level: Int = 1,
        lineEndings: StoredLineEndings = .crlf
    ) {
        self.compression = MessageCompression(algorithm: algorithm, level: min(max(level, 1), 9))
        self.lineEndings = lineEndings
    }

    /// Compresses the message and passes it on.
    /// - Throws: ``CompressionError``.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        let form = try await StoredForm(of: envelope, lineEndings: self.lineEndings)
        let memory = envelope.data.newReservation()
        envelope[CompressedMessage.self] = try await offload(
            octets: envelope.data.size,
            nanosecondsPerOctet: self.compression.nanosecondsPerOctet
        ) { [compression] work in
            try compression.compress(form, memory: memory, checkCancellation: work.checkCancellation)
        }
        return try await next(&envelope)
    }
}
#endif
