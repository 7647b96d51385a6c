#if SQLite
import GuerrillaTestSupport
import GRDB
import GRDBSQLite
import GuerrillaBackend
import GuerrillaMail
import NIOCore
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@testable import GuerrillaSQLite

@Suite(.timeLimit(.minutes(10)))
struct SQLiteMessageStoreTests {
    private let fixture: StoreFixture

    init() throws {
        self.fixture = try StoreFixture()
    }

    /// The store's failure inside a commit failure of the kind given.
    private func failure(_ error: CommitFailure?, reachesStore: Bool) -> SQLiteStoreError.Code? {
        switch error {
        case .store(let error) where reachesStore: (error as? SQLiteStoreError)?.code
        case .items(let error) where !reachesStore: (error as? SQLiteStoreError)?.code
        default: nil
        }
    }

    @Test func everyFieldComesBackAsItWent() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        let message = StoredMessage(
            queuedID: "q1",
            receivedAtMicroseconds: 1_790_000_000_000_001,
            clientAddress: "2001:db8::1",
            clientPort: 65_535,
            helo: "[IPv6:2001:db8::1]",
            transmissionType: "ESMTPS",
            tls: "TLSv1.3",
            reversePath: "",
            recipients: ["b@example.com", "jürgen@example.com", "b@example.com"],
            subject: "Grüße \u{0}\u{1F980}",
            headers: HeaderSection(
                fields: [("Subject", "a\"b"), ("X", ""), ("X", "2")].map { HeaderField(name: $0, body: $1) }
            ),
            deliveryHeader: ByteBuffer(string: "Delivered-To: b@example.com\r\n"),
            data: [ByteBuffer(string: "Subject: x\r\n\r\n")]
        )
        let ids = try store.insert([message])
        let record = try SQLiteMessageReader(readingFrom: self.fixture.path).message(.queuedID("q1"))
        #expect([record.id] == ids)
        let read = record.message
        #expect(read.queuedID == "q1")
        #expect(read.receivedAtMicroseconds == 1_790_000_000_000_001)
        #expect(read.clientAddress == "2001:db8::1")
        #expect(read.clientPort == 65_535)
        #expect(read.helo == "[IPv6:2001:db8::1]")
        #expect(read.transmissionType == "ESMTPS")
        #expect(read.tls == "TLSv1.3")
        #expect(read.reversePath.isEmpty)
        #expect(read.recipients == message.recipients)
        // SQLite leaves TEXT with NUL inside undefined.
        #expect(read.subject == "Grüße \u{FFFD}\u{1F980}")
        #expect(read.headers?.fields.map(\.name) == ["Subject", "X", "X"])
        #expect(read.headers?.fields.map(\.body) == ["a\"b", "", "2"])
        #expect(read.deliveryHeader == message.deliveryHeader)
        #expect(read.data == message.data)
        #expect(read.size == 14)
    }

    @Test func absentFieldsAreNullAndEmptyOnesAreNot() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        var empty = StoredMessage(queuedID: "", receivedAtMicroseconds: 0, reversePath: "", recipients: [], data: [])
        try store.insert([empty])
        empty.queuedID = "2"
        empty.subject = ""
        empty.tls = ""
        empty.headers = HeaderSection()
        try store.insert([empty])
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        let absent = try reader.message(.id(1)).message
        #expect(absent.subject == nil)
        #expect(absent.tls == nil)
        #expect(absent.headers == nil)
        #expect(absent.recipients.isEmpty)
        let present = try reader.message(.id(2)).message
        #expect(present.subject?.isEmpty == true)
        #expect(present.tls?.isEmpty == true)
        #expect(present.headers?.fields.isEmpty == true)
    }

    /// Lengths of the pieces of a message. The limits are 64 KiB of a piece read and 4 MiB of a message bound at once.
    static let pieces: [[Int]] = [
        [], [0], [0, 0, 0], [1], [3, 0, 1], [65_535], [65_536], [65_537], [65_535, 1, 1], [4 << 20], [(4 << 20) + 1],
        [4 << 20, 0, 1], Array(repeating: 65_537, count: 80),
    ]

    @Test(arguments: pieces)
    func octetsComeBackExactly(_ lengths: [Int]) throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        var message = StoredMessage.sample("q")
        // Every value of an octet, NUL first; 251 is prime, so no piece looks like another.
        let pattern = (0..<251 * 256).map { UInt8(truncatingIfNeeded: $0 % 251 + $0 / 251) }
        var whole = ByteBuffer()
        message.data = lengths.map { length in
            let start = whole.writerIndex
            while whole.writerIndex - start < length {
                whole.writeBytes(pattern.prefix(length - (whole.writerIndex - start)))
            }
            return whole.getSlice(at: start, length: length) ?? ByteBuffer()
        }
        try store.insert([message])
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        var expected = message.deliveryHeader
        expected.writeImmutableBuffer(whole)
        // Compared outside the expectation, which would print megabytes.
        let isExported = try reader.exported(.id(1)) == expected
        #expect(isExported)
        let isLoaded = try reader.message(.id(1)).message.data == [whole]
        #expect(isLoaded)
        #expect(try reader.list(limit: 1).first?.size == lengths.reduce(0, +))
    }

    @Test func chunksAreReadFromTheirReaderIndex() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        var message = StoredMessage.sample("q")
        var chunk = ByteBuffer(string: "skippedkept")
        chunk.moveReaderIndex(forwardBy: 7)
        message.deliveryHeader = chunk
        message.data = [chunk, chunk]
        try store.insert([message])
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        #expect(try reader.exported(.id(1)) == ByteBuffer(string: "keptkeptkept"))
    }

    @Test func commitsAreSynchronousAndInWALMode() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        #expect(try store.withDatabase { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 3)
        #expect(try store.withDatabase { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
        #expect(try store.withDatabase { try Int.fetchOne($0, sql: "PRAGMA foreign_keys") } == 1)
        #expect(try store.withDatabase { try Int.fetchOne($0, sql: "PRAGMA page_size") } == 8_192)
    }

    @Test func filesBelongToTheirOwnerAlone() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.insert([.sample("1")])
        for suffix in ["", "-wal", "-shm"] {
            #expect(StoreFixture.mode(of: self.fixture.path + suffix) == 0o600, "\(suffix)")
        }
    }

    @Test func aModeSetByTheAdministratorStays() throws {
        try SQLiteMessageStore(path: self.fixture.path).close()
        chmod(self.fixture.path, 0o640)
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.insert([.sample("1")])
        for suffix in ["", "-wal", "-shm"] {
            #expect(StoreFixture.mode(of: self.fixture.path + suffix) == 0o640, "\(suffix)")
        }
    }

    @Test func reopeningKeepsTheMessagesAndMigratesOnce() throws {
        for round in 1...3 {
            let store = try SQLiteMessageStore(path: self.fixture.path)
            #expect(try store.insert([.sample("q\(round)")]) == [Int64(round)])
            let migrations = try store.withDatabase {
                try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations")
            }
            #expect(migrations == ["1-messages"])
            store.close()
            #expect(StoreFixture.mode(of: self.fixture.path + "-wal") == nil)
        }
        #expect(try SQLiteMessageReader(readingFrom: self.fixture.path).list(limit: 10).map(\.id) == [3, 2, 1])
    }

    @Test func anIDIsNeverUsedAgain() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.insert([.sample("1"), .sample("2")])
        try store.withDatabase { try $0.execute(sql: "DELETE FROM message WHERE id = 2") }
        #expect(try store.withDatabase { try Int.fetchOne($0, sql: "SELECT count(*) FROM recipient") } == 1)
        #expect(try store.insert([.sample("3")]) == [3])
    }

    @Test func aDuplicateFailsTheWholeBatchOfTheStore() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        let error = #expect(throws: CommitFailure.self) {
            try store.insert([.sample("1"), .sample("2"), .sample("1")])
        }
        #expect(self.failure(error, reachesStore: false) == .messageRefused)
        #expect(try SQLiteMessageReader(readingFrom: self.fixture.path).list(limit: 10).isEmpty)
        #expect(try store.insert([.sample("1"), .sample("2")]).count == 2)
    }

    @Test func aDuplicateFailsAloneThroughTheGroupCommitter() async throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.insert([.sample("q50")])
        let executor = BlockingThreadExecutor()
        let committer = GroupCommitter(commit: SQLiteGroupCommit(store: store), executor: executor)
        let failed = await withTaskGroup(of: String?.self) { tasks in
            for number in 0..<100 {
                tasks.addTask {
                    let message = StoredMessage.sample("q\(number)")
                    do {
                        _ = try await committer.submit(message, octets: message.octets)
                        return nil
                    } catch {
                        return message.queuedID
                    }
                }
            }
            return await tasks.reduce(into: [String]()) { failed, id in
                if let id { failed.append(id) }
            }
        }
        #expect(failed == ["q50"])
        #expect(try SQLiteMessageReader(readingFrom: self.fixture.path).list(limit: 1_000).count == 100)
        await committer.shutdown(deadline: .now + .seconds(60))
        await executor.shutdown()
    }

    @Test(arguments: [20_000, 5 << 20])
    func aMessageLargerThanSQLiteAllowsIsItsOwnFault(octets: Int) throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.withDatabase { db in _ = sqlite3_limit(db.sqliteConnection, SQLITE_LIMIT_LENGTH, 10_000) }
        let large = StoredMessage.sample("large", data: String(repeating: "x", count: octets))
        let error = #expect(throws: CommitFailure.self) { try store.insert([.sample("1"), large]) }
        #expect(self.failure(error, reachesStore: false) == .messageRefused)
        #expect(try store.insert([.sample("1")]).count == 1)
    }

    // MARK: - A store in trouble

    @Test func aFullDatabaseFailsTheBatchAndWorksAgainAfterwards() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.insert([.sample("1")])
        try store.withDatabase { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
        let large = StoredMessage.sample("2", data: String(repeating: "x", count: 100_000))
        let error = #expect(throws: CommitFailure.self) { try store.insert([large]) }
        #expect(self.failure(error, reachesStore: true) == .full)
        try store.withDatabase { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        #expect(try store.insert([large]).count == 1)
    }

    #if os(Linux)
    @Test(arguments: [false, true])
    func anIOErrorAtCommitIsRolledBackAndTheStoreRecovers(diskIsFull: Bool) throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.insert([.sample("1")])
        // The descriptor of the WAL file now refuses every write: the disk is full (ENOSPC) or broken (EBADF).
        let wal = try #require(StoreFixture.descriptor(of: self.fixture.path + "-wal"))
        let refusing = diskIsFull ? open("/dev/full", O_RDWR) : open("/dev/null", O_RDONLY)
        let original = dup(wal)
        dup2(refusing, wal)
        close(refusing)
        let error = #expect(throws: CommitFailure.self) { try store.insert([.sample("2"), .sample("3")]) }
        #expect(self.failure(error, reachesStore: true) == (diskIsFull ? .full : .failed))
        // Space is free again. After the broken disk the store opens another descriptor by itself.
        if diskIsFull { dup2(original, wal) }
        close(original)
        try store.insert([.sample("2"), .sample("3")])
        let reader = try SQLiteMessageReader(readingFrom: self.fixture.path)
        #expect(try reader.list(limit: 10).map(\.queuedID) == ["3", "2", "1"])
    }
    #endif

    @Test func aFailedCommitLeavesNoTransactionOpen() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.withDatabase { db in
            // A deferred foreign key fails in COMMIT and leaves the transaction open.
            try db.execute(
                sql: """
                    CREATE TABLE deferred (id INTEGER REFERENCES message(id) DEFERRABLE INITIALLY DEFERRED);
                    CREATE TRIGGER fault AFTER INSERT ON message WHEN new.queued_id = 'bad'
                    BEGIN INSERT INTO deferred VALUES (-1); END
                    """
            )
        }
        let error = #expect(throws: CommitFailure.self) { try store.insert([.sample("good"), .sample("bad")]) }
        #expect(self.failure(error, reachesStore: false) == .messageRefused)
        #expect(try store.insert([.sample("good")]).count == 1)
        #expect(try SQLiteMessageReader(readingFrom: self.fixture.path).list(limit: 10).map(\.queuedID) == ["good"])
    }

    @Test func aLockedDatabaseIsTheStoresTrouble() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path, busyTimeout: .zero)
        let other = try DatabaseQueue(path: self.fixture.path)
        try other.inDatabase { db in
            try db.execute(sql: "BEGIN IMMEDIATE")
            let error = #expect(throws: CommitFailure.self) { try store.insert([.sample("1")]) }
            #expect(self.failure(error, reachesStore: true) == .busy)
            try db.execute(sql: "ROLLBACK")
        }
        #expect(try store.insert([.sample("1")]) == [1])
    }

    @Test(arguments: [false, true])
    func aFileRemovedOrReplacedIsNoticed(isReplaced: Bool) throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.insert([.sample("1")])
        rename(self.fixture.path, self.fixture.directory + "/moved.sqlite")
        if isReplaced { try StoreFixture.write("", to: self.fixture.path) }
        let error = #expect(throws: CommitFailure.self) { try store.insert([.sample("2")]) }
        #expect(self.failure(error, reachesStore: true) == .fileReplaced)
        try store.insert([.sample("3")])
        #expect(try SQLiteMessageReader(readingFrom: self.fixture.path).list(limit: 10).map(\.queuedID) == ["3"])
    }

    @Test func aClosedStoreRefuses() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        store.close()
        store.close()
        let error = #expect(throws: CommitFailure.self) { try store.insert([.sample("1")]) }
        #expect(self.failure(error, reachesStore: true) == .closed)
    }
}
#endif
