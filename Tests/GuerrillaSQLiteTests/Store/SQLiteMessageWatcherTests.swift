#if SQLite
import GuerrillaTestSupport
import Testing

@testable import GuerrillaSQLite

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

struct SQLiteMessageWatcherTests {
    private let fixture: StoreFixture

    init() throws {
        self.fixture = try StoreFixture()
    }

    @Test func newMessagesAreToldOnce() throws {
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.insert([.sample("old")])
        var watcher = SQLiteMessageWatcher(path: self.fixture.path)
        #expect(try watcher.poll().isEmpty)
        try store.insert([.sample("1"), .sample("2")])
        #expect(try watcher.poll().map(\.queuedID) == ["1", "2"])
        #expect(try watcher.poll().isEmpty)
        // The newest may be deleted: ids never come back.
        try SQLiteMessageEraser(path: self.fixture.path).delete([.queuedID("2")])
        try store.insert([.sample("3")])
        #expect(try watcher.poll().map(\.queuedID) == ["3"])
    }

    @Test func storeIsWaitedFor() throws {
        var watcher = SQLiteMessageWatcher(path: self.fixture.path)
        #expect(try watcher.poll().isEmpty)
        let store = try SQLiteMessageStore(path: self.fixture.path)
        try store.insert([.sample("1")])
        #expect(try watcher.poll().map(\.queuedID) == ["1"])
    }

    @Test func storeThatIsReplacedIsNew() throws {
        var store = try SQLiteMessageStore(path: self.fixture.path)
        var watcher = SQLiteMessageWatcher(path: self.fixture.path)
        #expect(try watcher.poll().isEmpty)
        store.close()
        for suffix in ["", "-wal", "-shm"] { unlink(self.fixture.path + suffix) }
        #expect(try watcher.poll().isEmpty)
        store = try SQLiteMessageStore(path: self.fixture.path)
        try store.insert([.sample("1")])
        #expect(try watcher.poll().map(\.queuedID) == ["1"])
    }

    @Test func storeThatCannotBeReadIsAnErrorInTheEnd() throws {
        try StoreFixture.write(String(repeating: "This is no database.\n", count: 100), to: self.fixture.path)
        var watcher = SQLiteMessageWatcher(path: self.fixture.path)
        for _ in 1..<20 { #expect(try watcher.poll().isEmpty) }
        #expect(throws: SQLiteStoreError.self) { try watcher.poll() }
    }
}
#endif
