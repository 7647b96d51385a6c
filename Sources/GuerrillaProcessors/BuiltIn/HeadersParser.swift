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
/// - **Tasks**: save. A header section of more than 64 KiB is parsed, and a subject of more than 2 KiB decoded, on another
///   thread. Of a subject whose words change their charset more than 1,000 times the rest stays encoded.
/// - **Failure replies**: 452 4.3.1 when `max_message_memory` has no room for fields and subject.
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
    /// - Throws: ``GuerrillaBackend/MessageMemoryExhausted`` when there is no memory to keep the outcome in.
    public func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        let found = try await self.parse(envelope.data)
        let held = found.heldOctets
        // What an ordinary message has belongs to its connection.
        if held > Self.longestUncharged, !envelope.data.reserve(held) { throw MessageMemoryExhausted() }
        if let fault = found.fault {
            self.logger.debug(
                "parse headers error",
                metadata: ["smtp.queued_id": "\(envelope.queuedID)", "error": "\(fault)"]
            )
        }
        envelope.header = found.section
        envelope.subject = found.subject
        return try await next(&envelope)
    }

    /// What is found in a message.
    private struct Found {
        var section: HeaderSection
        var fault: HeaderSyntaxError?
        var subject: String?

        /// Octets in memory, beside the message.
        var heldOctets: Int { self.section.heldOctets &+ (self.subject?.utf8.count ?? 0) }
    }

    private func parse(_ data: MessageData) async throws -> Found {
        // One octet more than allowed: without it a section over the limit would seem to end there.
        let wanted = min(max(self.limits.maximumSize, 0), .max - 1) + 1
        let first = try await data.read(from: 0, upTo: wanted)
        let isAll = first.readableBytes >= min(wanted, data.size)
        if isAll, first.readableBytes <= Self.longestInline {
            return try await self.withSubject(self.parse(first, of: data))
        }
        // A large message: the beginning of it holds the whole header section as a rule.
        let beginning = first.getSlice(at: first.readerIndex, length: min(first.readableBytes, Self.longestInline))
        if let beginning {
            let found = self.parse(beginning, of: data)
            if found.section.endsWithEmptyLine { return try await self.withSubject(found) }
        }
        let all = isAll ? first : try await data.prefix(wanted)
        return try await offload(octets: all.readableBytes) { work in
            var found = self.parse(all, of: data, isCopy: !isAll)
            try work.checkCancellation()
            found.subject = self.subject(of: found.section)
            return found
        }
    }

    private func parse(_ octets: ByteBuffer, of data: MessageData, isCopy: Bool = false) -> Found {
        do throws(HeaderSyntaxError) {
            return Found(section: try HeaderParser.parse(octets, of: data, isCopy: isCopy, limits: self.limits))
        } catch {
            return Found(section: error.partial, fault: error)
        }
    }

    private func withSubject(_ found: Found) async throws -> Found {
        var found = found
        let octets = found.section[first: "Subject"]?.foldedBodyCount ?? 0
        // Nearly always: without the closure that another thread would need.
        if octets <= Self.longestSubjectInline {
            found.subject = self.subject(of: found.section)
        } else {
            let section = found.section
            found.subject = try await offload(octets: octets, nanosecondsPerOctet: Self.nanosecondsPerSubjectOctet) {
                self.subject(of: section)
            }
        }
        return found
    }

    private func subject(of section: HeaderSection) -> String? {
        section[first: "Subject"].map { self.encodedWords.decode($0) }
    }

    /// Fields and subject that are not worth being counted, in octets.
    private static let longestUncharged = 2_048

    /// Header sections beyond it are parsed elsewhere, in octets.
    private static let longestInline = 65_536

    /// The dearest subject has words of one letter in charsets that change.
    private static let nanosecondsPerSubjectOctet = 50
    private static let longestSubjectInline = offloadThreshold / nanosecondsPerSubjectOctet
}
