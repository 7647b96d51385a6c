import GuerrillaBackend
import GuerrillaMail
import GuerrillaProcessors
import GuerrillaTestSupport
import Logging
import NIOCore
import Testing

/// Whatever a header section holds, processors do with it what costs a small multiple of a loop over its octets.
@Suite struct HeaderCostTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func section(_ octets: [UInt8]) -> HeaderSection {
        do throws(HeaderSyntaxError) {
            return try HeaderParser.parse(octets.span)
        } catch {
            return error.partial
        }
    }

    /// With the limits that HeadersParser has.
    @Test func parsingAndDecoding() async throws {
        let decoder = EncodedWordDecoder(charsets: IconvCharsetConverter())
        let cost = try await Cost { octets in
            var left = decoder.maximumConversions
            for field in self.section(octets).fields {
                _ = decoder.decode(octets: field.bodyOctets, conversionsLeft: &left)
            }
        }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }

    @Test func loggingAndDeliveryHeader() async throws {
        let debugger = Debugger(logsMessages: true, logsBodies: true, logger: self.logger)
        let header = Header()
        let cost = try await Cost { octets in
            var envelope = Envelope.sample(MessageData(ByteBuffer(bytes: octets)))
            let section = self.section(octets)
            envelope.header = section
            envelope.subject = section[first: "Subject"]?.body
            _ = try await debugger.save(&envelope, next: SaveNext([header]))
        }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }
}
