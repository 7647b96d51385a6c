public import GuerrillaBackend
public import GuerrillaMail
public import Logging
import NIOCore

/// Parses the header section and decodes the subject.
///
/// A header section that does not parse never stops a message: what could be read is kept, the rest is logged.
///
/// - **Configuration**: none.
/// - **Reads**: the message.
/// - **Writes**: `header`, `subject`.
/// - **Tasks**: save. A subject of more than 64 KiB is decoded on another thread.
/// - **Failure replies**: none.
/// - RFC 5322 § 2.2, RFC 2047.
public struct HeadersParser: Processor {
    /// It handles messages.
    public static let capabilities: ProcessorCapabilities = [.saves]

    /// The processor for a registry, by the name `HeadersParser`.
    public static let description: ProcessorDescription = {
        var description = ProcessorDescription("HeadersParser", HeadersParser.self) { HeadersParser(logger: $0.logger) }
        description.writes = [.header]
        return description
    }()

    private let limits: HeaderLimits
    private let encodedWords: EncodedWordDecoder
    private let logger: Logger

    /// Creates the processor.
    public init(
        limits: HeaderLimits = HeaderLimits(),
        charsets: any CharsetConverter = IconvCharsetConverter(),
        logger: Logger
    ) {
        self.limits = limits
        self.encodedWords = EncodedWordDecoder(charsets: charsets)
        self.logger = logger
    }

    /// Parses the header section and passes the message on.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        do {
            envelope.header = try await self.headerSection(of: envelope.data)
        } catch let error as HeaderSyntaxError {
            envelope.header = error.partial
            self.logger.debug(
                "parse headers error",
                metadata: ["smtp.queued_id": "\(envelope.queuedID)", "error": "\(error)"]
            )
        }
        envelope.subject = try await self.subject(of: envelope.header)
        return try await next(&envelope)
    }

    private func subject(of header: HeaderSection?) async throws -> String? {
        guard let octets = header?[first: "Subject"]?.bodyOctets else { return nil }
        // Nearly always: without the closure that another thread would need.
        guard octets.count > offloadThreshold else { return self.encodedWords.decode(octets: octets) }
        return try await offload(octets: octets.count) { [encodedWords] in encodedWords.decode(octets: octets) }
    }

    private func headerSection(of data: MessageData) async throws -> HeaderSection {
        if let section = try data.withContiguousBytes({ bytes throws(HeaderSyntaxError) in
            try self.parse(bytes)
        }) {
            return section
        }
        // A large message: its first chunk holds the whole header section as a rule.
        let first = try await data.read(from: 0, upTo: self.limits.maximumSize)
        if let section = try? self.parse(first), section.endsWithEmptyLine { return section }
        // One octet more than allowed: without it a section over the limit would seem to end there.
        return try self.parse(try await data.prefix(min(max(self.limits.maximumSize, 0), .max - 1) + 1))
    }

    private func parse(_ octets: ByteBuffer) throws(HeaderSyntaxError) -> HeaderSection {
        try HeaderParser.parse(octets.readableBytesUInt8Span, limits: self.limits)
    }

    private func parse(_ bytes: UnsafeRawBufferPointer) throws(HeaderSyntaxError) -> HeaderSection {
        try HeaderParser.parse(bytes.bindMemory(to: UInt8.self).span, limits: self.limits)
    }
}
