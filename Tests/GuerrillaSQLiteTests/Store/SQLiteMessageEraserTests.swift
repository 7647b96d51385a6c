#if SQLite
import GRDB
import GuerrillaTestSupport
import NIOCore
import Synchronization
import Testing

@testable import GuerrillaSQLite

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct SQLiteMessageEraserTests {
    private let fixture: StoreFixture
    private let store: SQLiteMessageStore

    init() throws {
        self.fixture = try StoreFixture()
        self.store = try SQLiteMessageStore(path: self.fixture.path)
    }

    private var left: [Int64] {
        get throws { try SQLiteMessageReader(readingFrom: self.fixture.path).list(limit: 1_000).map(\.id) }
    }

    private func count(_ table: String) throws -> Int? {
        try self.store.withDatabase { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") }
    }

    @Test func namedMessagesGoWithAllTheirParts() throws {
        try self.store.insert((1...5).map { .sample("q\($0)") })
        let amount = try SQLiteMessageEraser(path: self.fixture.path).delete([.id(4), .queuedID("q2"), .id(4)])
        #expect(amount.messages == 2 && amount.octets == 42)
        #expect(try self.left == [5, 3, 1])
        #expect(try self.count("recipient") == 3)
    }

    @Test func nothingIsDeletedWhenOneIsNotThere() throws {
        try self.store.insert((1...3).map { .sample("q\($0)") })
        let eraser = try SQLiteMessageEraser(path: self.fixture.path)
        let error = #expect(throws: SQLiteStoreError.self) { try eraser.delete([.id(1), .id(7), .queuedID("none")]) }
        #expect(error?.code == .noSuchMessage)
        #expect(error?.description.contains("id 7, queued id 'none'; nothing was deleted") == true)
        #expect(try self.left == [3, 2, 1])
    }

    @Test func oldMessagesAreCountedAndDeletedInSeveralTransactions() throws {
        // By octets, and by number.
        let large = String(repeating: "x", count: 3 << 20)
        try self.store.insert((1...3).map { .sample("l\($0)", data: large) })
        try self.store.insert((1...200).map { .sample("q\($0)") })
        var young = StoredMessage.sample("young")
        young.receivedAtMicroseconds += 1
        try self.store.insert([young])
        let eraser = try SQLiteMessageEraser(path: self.fixture.path)
        let limit = young.receivedAtMicroseconds
        let amount = try eraser.amount(receivedBefore: limit)
        #expect(amount.messages == 203 && amount.octets == 3 * (3 << 20) + 200 * 21 && amount.lastID == 203)
        #expect(try eraser.delete(receivedBefore: limit, upTo: amount.lastID) == amount)
        #expect(try self.left == [204])
        #expect(try self.count("recipient") == 1)
        #expect(try eraser.amount(receivedBefore: limit) == SQLiteMessageEraser.Amount())
    }

    @Test func whatComesAfterTheCountStays() throws {
        try self.store.insert([.sample("1")])
        let eraser = try SQLiteMessageEraser(path: self.fixture.path)
        let amount = try eraser.amount(receivedBefore: .max)
        try self.store.insert([.sample("2")])
        #expect(try eraser.delete(receivedBefore: .max, upTo: amount.lastID).messages == 1)
        #expect(try self.left == [2])
    }

    @Test func storeIsWrittenMeanwhile() async throws {
        try self.store.insert((1...500).map { .sample("q\($0)") })
        let eraser = try SQLiteMessageEraser(path: self.fixture.path)
        let isDone = Mutex(false)
        async let deleted = Task.detached {
            defer { isDone.withLock { $0 = true } }
            let amount = try eraser.amount(receivedBefore: .max)
            return try eraser.delete(receivedBefore: .max, upTo: amount.lastID).messages
        }.value
        var inserted = 0
        while !isDone.withLock({ $0 }) {
            inserted += 1
            try self.store.insert([.sample("new-\(inserted)")])
            // Where there are no more threads than tests, the other one would never begin.
            await Task.yield()
        }
        let count = try await deleted
        #expect(try self.count("message") == 500 + inserted - count)
        #expect(count >= 500)
    }

    @Test func contentIsOverwrittenInTheFile() throws {
        let needle = "needle-in-a-haystack"
        try self.store.insert([.sample("1", data: String(repeating: needle, count: 5_000)), .sample("2")])
        try SQLiteMessageEraser(path: self.fixture.path).delete([.id(1)])
        // Checkpoints, too.
        self.store.close()
        let octets = try Data(contentsOf: URL(fileURLWithPath: self.fixture.path))
        #expect(octets.count > 8_192)
        #expect(!String(decoding: octets, as: UTF8.self).contains(needle))
    }

    @Test func storeHasToBeThere() {
        let error = #expect(throws: SQLiteStoreError.self) {
            try SQLiteMessageEraser(path: self.fixture.path + ".none")
        }
        #expect(error?.code == .cannotOpen)
    }
}
#endif
