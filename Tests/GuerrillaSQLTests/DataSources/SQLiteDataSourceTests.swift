import Testing

@testable import GuerrillaSQL

@Suite struct SQLiteDataSourceTests {
    @Test(
        arguments: [
            ("mail.db", "mail.db"), ("/var/mail.db", "/var/mail.db"), ("file:mail.db?cache=shared", "mail.db"),
            ("file:///var/m%20l.db", "/var/m l.db"), ("./mail.db?_txlock=immediate", "./mail.db"),
        ]
    )
    func paths(text: String, path: String) throws {
        #expect(try SQLiteDataSource(text).path == path)
    }

    @Test func parameters() throws {
        let source = try SQLiteDataSource("mail.db?_busy_timeout=250&_journal_mode=WAL&_sync=FULL&mode=rw")
        #expect(source.busyTimeout == .milliseconds(250))
        #expect(source.journalMode == "wal")
    }

    @Test(
        arguments: [
            "", ":memory:", "file::memory:", "m.db?_sync=OFF", "m.db?_journal=MEMORY", "m.db?mode=memory", "m.db?x=1",
            "m.db?_timeout=x", "m%zz.db",
        ]
    )
    func whatWouldLoseMailIsRefused(text: String) {
        #expect(throws: DataSourceError.self) { try SQLiteDataSource(text) }
    }
}
