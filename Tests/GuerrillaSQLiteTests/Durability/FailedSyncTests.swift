#if SQLite && os(Linux)
import GRDB
import GuerrillaBackend
import GuerrillaTestSupport
import InMemoryLogging
import Logging
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@testable import GuerrillaSQLite

/// Syncs that fail, brought about with `/dev/null` in the place of a file: it takes everything, and cannot be synced. What is left on
/// the disk after that and a power cut, the system tests look at (`Tests/System/test_powercut.py`).
struct FailedSyncTests {
    private let fixture: StoreFixture
    private let handler = InMemoryLogHandler()

    init() throws {
        self.fixture = try StoreFixture()
    }

    private func open() throws -> SQLiteMessageStore {
        let handler = self.handler
        return try SQLiteMessageStore(
            path: self.fixture.path,
            busyTimeout: .milliseconds(50),
            logger: Logger(label: "test") { _ in handler }
        )
    }

    private var stored: [String] {
        get throws {
            try SQLiteMessageReader(readingFrom: self.fixture.path).list(limit: 1_000).map(\.queuedID).reversed()
        }
    }

    /// Runs `body` while the store's descriptor of a file leads to `/dev/null`.
    private func withoutSyncs(of suffix: String, _ body: () throws -> Void) throws {
        let descriptor = try #require(StoreFixture.descriptor(of: self.fixture.path + suffix))
        let original = dup(descriptor)
        let null = Glibc.open("/dev/null", O_RDWR)
        dup2(null, descriptor)
        defer {
            dup2(original, descriptor)
            close(original)
            close(null)
        }
        try body()
    }

    @Test func whatWasAnswered451IsNotStored() throws {
        let store = try self.open()
        try store.insert([.sample("1")])
        // Nothing has to be read from the log then.
        try store.withDatabase { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try self.withoutSyncs(of: "-wal") {
            for attempt in 0..<30 {
                let error = #expect(throws: CommitFailure.self) { try store.insert([.sample("again \(attempt)")]) }
                guard case .store(let error as SQLiteStoreError) = error else {
                    Issue.record("not the store's trouble")
                    return
                }
                #expect(error.resultCode == ResultCode.SQLITE_IOERR_FSYNC.rawValue)
            }
        }
        try store.insert([.sample("2")])
        #expect(try self.stored == ["1", "2"])
    }

    @Test func aCheckpointThatFailsIsToldAndMended() throws {
        let store = try self.open()
        let large = String(repeating: "x", count: 3 << 20)
        try store.insert([.sample("1", data: large)])
        try self.withoutSyncs(of: "") {
            // More than 1,000 pages: a checkpoint follows the commit.
            try store.insert([.sample("2", data: large), .sample("3", data: large)])
        }
        #expect(self.handler.entries.filter { $0.level == .error }.count == 1)
        try store.insert([.sample("4")])
        #expect(try self.stored == ["1", "2", "3", "4"])
        store.close()
        #expect(StoreFixture.mode(of: self.fixture.path + "-wal") == nil)
        #expect(try self.stored == ["1", "2", "3", "4"])
    }

    // MARK: - After an unclean end

    /// The files of an open store as another process would find them if this one was killed.
    private func leftovers() throws -> StoreFixture {
        let left = try StoreFixture()
        for suffix in ["", "-wal"] { try StoreFixture.copy(self.fixture.path + suffix, to: left.path + suffix) }
        return left
    }

    @Test func whatIsLeftInALogIsBroughtIntoTheDatabase() throws {
        let store = try self.open()
        try store.insert([.sample("1"), .sample("2")])
        let left = try self.leftovers()
        #expect(try LogSettlement.run(left.path, within: .zero, applicationID: SQLiteSchema.applicationID))
        #expect(SQLiteFile.size(of: left.path + "-wal") == 0)
        unlink(left.path + "-wal")
        unlink(left.path + "-shm")
        #expect(try SQLiteMessageReader(readingFrom: left.path).list(limit: 10).count == 2)
    }

    @Test func theLogOfAnotherProgramIsLeftAlone() throws {
        let store = try self.open()
        try store.insert([.sample("1")])
        let left = try self.leftovers()
        let size = SQLiteFile.size(of: left.path + "-wal")
        #expect(try LogSettlement.run(left.path, within: .zero, applicationID: 1))
        #expect(SQLiteFile.size(of: left.path + "-wal") == size)
    }

    @Test func aLogThatIsTooShortForItsIndexIsRefused() throws {
        let store = try self.open()
        try store.insert([.sample("1")])
        truncate(self.fixture.path + "-wal", 4_096)
        #expect(throws: DatabaseError.self) { try LogSettlement.run(self.fixture.path, within: .zero) }
    }

    @Test func aStartBesideAReaderGoesOnAndSaysSo() throws {
        let store = try self.open()
        try store.insert([.sample("1")])
        let reader = try DatabaseQueue(path: self.fixture.path)
        try reader.inDatabase { db in
            try db.execute(sql: "BEGIN")
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM message")
            try store.insert([.sample("2")])
            let another = try self.open()
            #expect(self.handler.entries.map(\.level) == [.warning])
            try another.insert([.sample("3")])
            try db.execute(sql: "COMMIT")
        }
        #expect(try self.stored == ["1", "2", "3"])
    }
}
#endif
