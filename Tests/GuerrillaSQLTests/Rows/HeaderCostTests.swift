import GuerrillaBackend
import GuerrillaMail
import GuerrillaTestSupport
import GuerrillaTesting
import NIOCore
import Testing

@testable import GuerrillaSQL

/// Whatever a header section holds, a row is made of it for a small multiple of a loop over its octets.
@Suite struct HeaderCostTests {
    @Test func rows() async throws {
        let cost = try await Cost { octets in
            var envelope = try Envelope.testing(octets: ByteBuffer(bytes: octets))
            let section: HeaderSection
            do throws(HeaderSyntaxError) {
                section = try HeaderParser.parse(octets.span)
            } catch {
                section = error.partial
            }
            envelope.header = section
            envelope.subject = section[first: "Subject"]?.body
            let message = try await SQLMessage(envelope, lineEndings: .lf, mailHost: "mail.example.com")
            _ = BoundRows(message.rows)
        }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }
}
