#if SQLite
import GuerrillaBackend
import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Testing

@testable import GuerrillaSQLite

/// Whatever a header section holds, it is stored and read for a small multiple of a loop over its octets.
@Suite(.timeLimit(.minutes(10)))
struct HeaderCostTests {
    private let fixture: StoreFixture

    init() throws { self.fixture = try StoreFixture() }

    private func message(_ octets: [UInt8]) -> StoredMessage {
        let section: HeaderSection
        do throws(HeaderSyntaxError) {
            section = try HeaderParser.parse(octets.span)
        } catch {
            section = error.partial
        }
        return StoredMessage(
            queuedID: "",
            receivedAtMicroseconds: 0,
            reversePath: "",
            recipients: ["b@example.com"],
            subject: section[first: "Subject"]?.body,
            headers: section,
            data: [ByteBuffer(bytes: octets)]
        )
    }

    @Test func writingJSON() async throws {
        var json = HeaderJSON()
        let cost = try await Cost { octets in
            let message = self.message(octets)
            _ = message.octets
            json.write(message.headers)
        }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }

    @Test func insertingAndReading() async throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        var count = 0
        let cost = try await Cost { octets in
            var message = self.message(octets)
            count += 1
            message.queuedID = "\(count)"
            try store.insert([message])
            _ = try reader.message(.queuedID(message.queuedID)).summary
        }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }
}
#endif
