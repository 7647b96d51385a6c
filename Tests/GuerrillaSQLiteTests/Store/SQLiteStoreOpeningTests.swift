#if SQLite
import GuerrillaTestSupport
import GRDB
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@testable import GuerrillaSQLite

struct SQLiteStoreOpeningTests {
    private let fixture: StoreFixture

    init() throws {
        self.fixture = try StoreFixture()
    }

    private func expectRefusal(_ code: SQLiteStoreError.Code, path: String? = nil) {
        let path = path ?? self.fixture.path
        let error = #expect(throws: SQLiteStoreError.self) { try SQLiteMessageStore(path: path) }
        #expect(error?.code == code)
        #expect(error?.description.contains(path) == true)
    }

    @Test func aMissingDirectoryIsNamed() {
        self.expectRefusal(.cannotOpen, path: self.fixture.directory + "/missing/mail.sqlite")
        #expect(StoreFixture.mode(of: self.fixture.directory + "/missing") == nil)
    }

    @Test func aDirectoryIsNotADatabase() {
        self.expectRefusal(.cannotOpen, path: self.fixture.directory)
    }

    @Test func aFileIsNotADirectory() throws {
        try StoreFixture.write("x", to: self.fixture.path)
        self.expectRefusal(.cannotOpen, path: self.fixture.path + "/mail.sqlite")
    }

    @Test func aDanglingLinkIsNotFollowed() {
        symlink(self.fixture.directory + "/nothing", self.fixture.directory + "/link")
        self.expectRefusal(.cannotOpen, path: self.fixture.directory + "/link")
    }

    @Test(arguments: ["", "a\0b"])
    func aPathThatIsNoneIsRefused(_ path: String) {
        #expect(throws: SQLiteStoreError.self) { try SQLiteMessageStore(path: path) }
        #expect(throws: SQLiteStoreError.self) { try SQLiteMessageReader(readingFrom: path) }
    }

    @Test func aPathIsAlwaysAFileName() {
        #expect(SQLiteFile.name(of: ":memory:") == "./:memory:")
        #expect(SQLiteFile.name(of: "file:x?mode=memory") == "./file:x?mode=memory")
        #expect(SQLiteFile.name(of: "/a") == "/a")
    }

    @Test func anotherKindOfFileIsRefusedAndLeftAlone() throws {
        let text = "this is a text file, certainly not a database\n"
        try StoreFixture.write(text, to: self.fixture.path)
        self.expectRefusal(.notADatabase)
        var status = stat()
        #expect(stat(self.fixture.path, &status) == 0)
        #expect(status.st_size == text.utf8.count)
    }

    @Test func aDatabaseOfAnotherProgramIsRefusedAndLeftAlone() throws {
        let other = try DatabaseQueue(path: self.fixture.path)
        try other.inDatabase { try $0.execute(sql: "CREATE TABLE theirs (x)") }
        self.expectRefusal(.foreignDatabase)
        let journalMode = try other.inDatabase { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
        let tables = try other.inDatabase { try String.fetchAll($0, sql: "SELECT name FROM sqlite_master") }
        #expect(journalMode == "delete")
        #expect(tables == ["theirs"])
        #expect(throws: SQLiteStoreError.self) { try SQLiteMessageReader(readingFrom: self.fixture.path) }
    }

    @Test func aNewerSchemaIsRefused() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.withDatabase { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99-future')") }
        self.expectRefusal(.newerSchema)
        let error = #expect(throws: SQLiteStoreError.self) { try SQLiteMessageReader(readingFrom: self.fixture.path) }
        #expect(error?.code == .newerSchema)
    }

    @Test func anOlderSchemaIsNotRead() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.withDatabase { try $0.execute(sql: "DELETE FROM grdb_migrations") }
        let error = #expect(throws: SQLiteStoreError.self) { try SQLiteMessageReader(readingFrom: self.fixture.path) }
        #expect(error?.code == .olderSchema)
    }

    @Test(arguments: [
        (Duration.seconds(-1), 0.0), (.zero, 0), (.milliseconds(250), 0.25), (.seconds(Int64.max), 86_400),
    ])
    func busyTimeoutsStayInRange(_ duration: Duration, seconds: Double) {
        #expect(duration.secondsForSQLite == seconds)
    }
}
#endif
