#if SQLite
import GuerrillaTestSupport
import GRDB
import NIOCore
import Testing

@testable import GuerrillaSQLite

struct SQLiteMessageReaderTests {
    private let fixture: StoreFixture
    private let store: SQLiteMessageStore

    init() throws {
        self.fixture = try StoreFixture()
        self.store = try SQLiteMessageStore(path: self.fixture.path)
    }

    @Test func aListIsPagedFromTheNewest() throws {
        try self.store.insert((1...10).map { .sample("q\($0)") })
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        #expect(try reader.list(limit: 3).map(\.id) == [10, 9, 8])
        #expect(try reader.list(limit: 3, before: 8).map(\.id) == [7, 6, 5])
        #expect(try reader.list(limit: 100, before: 2).map(\.id) == [1])
        #expect(try reader.list(limit: 3, before: 1).isEmpty)
        #expect(try reader.list(limit: 0).isEmpty)
        #expect(try reader.list(limit: -1).isEmpty)
        #expect(
            try reader.list(limit: 1) == [
                StoredMessageSummary(
                    id: 10,
                    queuedID: "q10",
                    receivedAtMicroseconds: 1_700_000_000_123_456,
                    reversePath: "a@example.org",
                    recipients: ["b@example.com"],
                    size: 21
                )
            ]
        )
    }

    @Test func aReaderSeesWhatIsWrittenAfterItWasOpened() throws {
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        #expect(try reader.list(limit: 10).isEmpty)
        try self.store.insert([.sample("1")])
        #expect(try reader.list(limit: 10).count == 1)
    }

    @Test func anExportSeesOneStateWhileTheStoreWrites() throws {
        let large = String(repeating: "0123456789abcdef", count: 15_000)
        try self.store.insert([.sample("1", data: large)])
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        var pieces = 0
        var bytes: [UInt8] = []
        try reader.export(.queuedID("1")) { piece in
            pieces += 1
            bytes.append(contentsOf: piece)
            try self.store.insert([.sample("during-\(pieces)")])
            if pieces == 2 {
                try self.store.withDatabase { try $0.execute(sql: "DELETE FROM message WHERE id = 1") }
            }
        }
        #expect(pieces > 3)
        #expect(String(decoding: bytes, as: UTF8.self) == "Received: from client.example\r\n" + large)
        #expect(throws: SQLiteStoreError.self) { try reader.export(.id(1)) { _ in } }
    }

    @Test func anErrorOfTheWriterOfAnExportIsThrownOn() throws {
        struct Stop: Error {}
        try self.store.insert([.sample("1")])
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        #expect(throws: Stop.self) { try reader.export(.id(1)) { _ in throw Stop() } }
        #expect(try reader.exported(.id(1)).readableBytes == 52)
    }

    @Test(arguments: [StoredMessageIdentifier.id(7), .queuedID("nothing"), .queuedID("")])
    func aMessageThatIsNotThereIsNamed(_ identifier: StoredMessageIdentifier) throws {
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        for read in [{ _ = try reader.message(identifier) }, { _ = try reader.exported(identifier) }] {
            let error = #expect(throws: SQLiteStoreError.self) { try read() }
            #expect(error?.code == .noSuchMessage)
            #expect(error?.description.contains("\(identifier)") == true)
        }
    }

    @Test func aMissingFileIsNotCreated() {
        let path = self.fixture.directory + "/missing.sqlite"
        let error = #expect(throws: SQLiteStoreError.self) { try SQLiteMessageReader(readingFrom: path) }
        #expect(error?.code == .cannotOpen)
        #expect(StoreFixture.mode(of: path) == nil)
    }

    @Test func aReaderOpensWhatTheDaemonHasClosed() throws {
        try self.store.insert([.sample("1")])
        self.store.close()
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        #expect(try reader.list(limit: 10).count == 1)
    }

    @Test(arguments: [
        "UPDATE message SET subject = x'ff'", "UPDATE message SET received_at = 'yesterday'",
        "UPDATE message SET client_port = 70000", "UPDATE message SET headers = '[[\"a\"]]'",
        "UPDATE message SET headers = '{'", "UPDATE message SET data = 5",
    ])
    func valuesOfAnUnexpectedTypeAreErrorsNotTraps(_ sql: String) throws {
        try self.store.insert([.sample("1")])
        try self.store.withDatabase { try $0.execute(sql: sql) }
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        #expect(throws: SQLiteStoreError.self) { try reader.message(.id(1)) }
    }
}
#endif
