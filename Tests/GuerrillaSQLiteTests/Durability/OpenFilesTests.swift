#if SQLite
import GRDB
import GuerrillaBackend
import GuerrillaTestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@testable import GuerrillaSQLite

/// Files that are removed, replaced or truncated under an open store.
struct OpenFilesTests {
    private let fixture: StoreFixture
    private let store: SQLiteMessageStore

    init() throws {
        self.fixture = try StoreFixture()
        self.store = try SQLiteMessageStore(path: self.fixture.path, busyTimeout: .milliseconds(50))
    }

    private var stored: [String] {
        get throws {
            try SQLiteMessageReader(readingFrom: self.fixture.path).list(limit: 1_000).map(\.queuedID).reversed()
        }
    }

    private func refusal() -> SQLiteStoreError.Code? {
        let error = #expect(throws: CommitFailure.self) { try self.store.insert([.sample("refused")]) }
        guard case .store(let error) = error else { return nil }
        return (error as? SQLiteStoreError)?.code
    }

    @Test(arguments: ["-wal", "-shm"], [false, true])
    func whatALogOrIndexHeldIsKeptWhenItIsGone(suffix: String, isReplaced: Bool) throws {
        try self.store.insert([.sample("1")])
        rename(self.fixture.path + suffix, self.fixture.directory + "/moved.sqlite")
        if isReplaced { try StoreFixture.write("", to: self.fixture.path + suffix) }
        #expect(self.refusal() == .fileReplaced)
        try self.store.insert([.sample("2")])
        #expect(try self.stored == ["1", "2"])
    }

    @Test(arguments: ["-wal", "-shm"])
    func whatALogHeldIsKeptWhenTheStoreIsClosed(suffix: String) throws {
        try self.store.insert([.sample("1")])
        // Another connection keeps SQLite from bringing the log into the database by itself.
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        unlink(self.fixture.path + suffix)
        self.store.close()
        _ = reader
        #expect(try self.stored == ["1"])
    }

    @Test func aDatabaseThatIsMovedTakesItsMessagesWithIt() throws {
        try self.store.insert([.sample("1")])
        let moved = self.fixture.directory + "/moved.sqlite"
        rename(self.fixture.path, moved)
        #expect(self.refusal() == .fileReplaced)
        try self.store.insert([.sample("2")])
        #expect(try self.stored == ["2"])
        #expect(try SQLiteMessageReader(readingFrom: moved).list(limit: 10).map(\.queuedID) == ["1"])
        for suffix in ["-wal", "-shm"] { unlink(moved + suffix) }
    }

    @Test(arguments: [0, 1])
    func aLogThatIsCutShortIsNotWrittenBehind(part: Int) throws {
        try self.store.insert([.sample("1")])
        try self.store.insert([.sample("2")])
        let size = try #require(SQLiteFile.size(of: self.fixture.path + "-wal"))
        truncate(self.fixture.path + "-wal", off_t(size / 2 * Int64(part)))
        #expect(self.refusal() == .fileReplaced)
        try self.store.insert([.sample("3")])
        try self.store.insert([.sample("4")])
        #expect(try self.stored.suffix(2) == ["3", "4"])
        #expect(try self.store.withDatabase { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
    }

    @Test(arguments: [0, 100, 32_767])
    func anIndexThatIsTruncatedDoesNotEndTheProcess(size: Int) throws {
        try self.store.insert([.sample("1")])
        truncate(self.fixture.path + "-shm", off_t(size))
        // The first look has not seen how large it was.
        _ = try? self.store.insert([.sample("2")])
        truncate(self.fixture.path + "-shm", off_t(size))
        _ = try? self.store.insert([.sample("3")])
        try self.store.insert([.sample("4")])
        #expect(try self.stored.first == "1")
        #expect(try self.stored.last == "4")
        truncate(self.fixture.path + "-shm", off_t(size))
        self.store.close()
        #expect(try self.stored.last == "4")
    }

    @Test func aReaderInTheWayMakesMailWait() throws {
        try self.store.insert([.sample("1")])
        let reader = try DatabaseQueue(path: self.fixture.path)
        try reader.inDatabase { db in
            try db.execute(sql: "BEGIN")
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM message")
            try self.store.insert([.sample("2")])
            unlink(self.fixture.path + "-wal")
            // What is in the log cannot be brought into the database yet, and only the store has it.
            #expect(self.refusal() == .busy)
            #expect(self.refusal() == .busy)
            try db.execute(sql: "COMMIT")
        }
        #expect(self.refusal() == .fileReplaced)
        try reader.close()
        try self.store.insert([.sample("3")])
        #expect(try self.stored == ["1", "2", "3"])
    }

    @Test func aCheckpointOfAnotherProgramIsNothingToWorryAbout() throws {
        try self.store.insert([.sample("1")])
        let other = try DatabaseQueue(path: self.fixture.path)
        let isBusy = try other.inDatabase { try Int.fetchOne($0, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        #expect(isBusy == 0)
        #expect(SQLiteFile.size(of: self.fixture.path + "-wal") == 0)
        try self.store.insert([.sample("2")])
        #expect(try self.stored == ["1", "2"])
    }

    @Test func aStoreIsUsedThroughALink() throws {
        let link = self.fixture.directory + "/link"
        symlink(self.fixture.path, link)
        self.store.close()
        let store = try SQLiteMessageStore(path: link)
        for number in 1...3 { try store.insert([.sample("\(number)")]) }
        unlink(self.fixture.path + "-wal")
        _ = try? store.insert([.sample("4")])
        try store.insert([.sample("5")])
        store.close()
        #expect(try self.stored == ["1", "2", "3", "5"])
    }
}
#endif
