import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Testing

/// Whatever a header section holds, reading it costs a small multiple of a loop over its octets.
@Suite struct HeaderCostTests {
    private func section(_ octets: [UInt8]) -> HeaderSection {
        do throws(HeaderSyntaxError) {
            return try HeaderParser.parse(
                octets.span,
                limits: HeaderLimits(maximumSize: .max, maximumFieldCount: .max)
            )
        } catch {
            return error.partial
        }
    }

    @Test func thereAreManyShapes() {
        #expect(HostileHeader.all.count >= 160)
        #expect(Set(HostileHeader.all.map(\.description)).count == HostileHeader.all.count)
        for header in HostileHeader.all { #expect((1_000...20_000).contains(header.octets(1_000).count)) }
    }

    @Test func countingWhileASectionArrives() async throws {
        let cost = try await Cost { octets in
            var counter = HeaderSectionCounter(maximumSize: .max, maximumFields: .max, maximumHops: .max)
            octets.withUnsafeBytes { bytes in
                // As the octets come from a socket.
                for start in stride(from: 0, to: bytes.count, by: 1_448) {
                    _ = counter.count(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + 1_448, bytes.count)]))
                }
            }
        }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }

    @Test func parsing() async throws {
        let cost = try await Cost { _ = self.section($0) }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }

    @Test func namesAndBodies() async throws {
        let cost = try await Cost { octets in
            for field in self.section(octets).fields {
                _ = field.name
                _ = field.canonicalName
                _ = field.body
                _ = field.bodyOctets(upTo: 1_000)
                _ = field.hasName("Message-ID")
            }
        }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }

    @Test func decodingEncodedWords() async throws {
        let decoder = EncodedWordDecoder()
        let cost = try await Cost { octets in
            for field in self.section(octets).fields { _ = decoder.decode(field) }
        }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }

    @Test func writingAnMboxFile() async throws {
        let cost = try await Cost { octets in
            var written: [UInt8] = []
            var encoder = MboxEncoder()
            encoder.begin(reversePath: "a@example.org", unixSeconds: 0, into: &written)
            octets.withUnsafeBytes { encoder.encode($0, into: &written) }
            encoder.end(into: &written)
        }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }
}
