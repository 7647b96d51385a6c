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

    /// `compressor_algorithm`
    public static let algorithm = ConfigurationKey(
        "compressor_algorithm",
        .string,
        default: .string(CompressedMessage.Algorithm.zlib.rawValue),
        allowedValues: CompressedMessage.Algorithm.allCases.map(\.rawValue),
        summary: "What Compressor makes of a message. `zlib` is what go-guerrilla stores."
    )

    /// `compressor_level`
    public static let level = ConfigurationKey(
        "compressor_level",
        .integer,
        default: .integer(1),
        range: 1...9,
        summary: "How hard Compressor tries: 1 is fast, 9 is small."
    )

    /// The processor for a registry, by the name `Compressor`.
    public static let description = ProcessorDescription(
        "Compressor",
        CompressorProcessor.self,
        configurationKeys: [CompressorProcessor.algorithm, CompressorProcessor.level]
    ) { context in
        let name = try context.configuration.requiredString(CompressorProcessor.algorithm)
        return CompressorProcessor(
            algorithm: CompressedMessage.Algorithm(rawValue: name.lowercased()) ?? .zlib,
            level: try context.configuration.requiredInteger(CompressorProcessor.level),
            lineEndings: context.storedLineEndings
        )
    }

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
