import GuerrillaBackend
import GuerrillaMail
import GuerrillaTestSupport
import GuerrillaTesting
import NIOCore
import Testing

@testable import GuerrillaSQL

#if canImport(Glibc)
import Glibc
#endif
#if MySQL
@testable import GuerrillaMySQL
#endif
#if Postgres
import GuerrillaPostgres
#endif
#if SQLite
import GRDBSQLite
import GuerrillaSQLite
#endif

/// The drivers with databases that are there: an SQLite file always; servers when `GUERRILLA_TEST_MYSQL` and
/// `GUERRILLA_TEST_POSTGRES` hold data source names, as in the system tests. The table `mail` must exist there.
@Suite(.serialized) struct RealDatabaseTests {
    private static func dataSource(_ name: String) -> String? {
        getenv("GUERRILLA_TEST_\(name)").map { String(cString: $0) }
    }

    private func values(_ dialect: SQLDialect, _ dataSource: String) -> ConfigurationObject {
        [
            "sql_driver": .string(dialect.rawValue), "sql_dsn": .string(dataSource), "mail_table": "mail",
            "save_workers_size": 2,
        ]
    }

    private func fits(_ driver: SQLDriverDescription, _ dataSource: String) async throws {
        let description = SQLProcessor.description(drivers: [driver])
        try await ProcessorCompatibilityTest(description, configuration: self.values(driver.dialect, dataSource)).run()
    }

    /// Rows of awkward values, a bad one among them, with one connection.
    private func keeps(_ driver: any SQLDriver, oversized: Bool = true) throws {
        let connection = try driver.connect(for: .saving)
        defer { connection.close() }
        #expect(connection.isAlive)
        let rows = (0..<300).map { index in
            var row = MailRow()
            row.recipient = "row\(index)@example.com"
            row.subject = "Grüße 😀 '\"\\\(index)"
            row.hash = "real"
            row.address = index.isMultiple(of: 2) ? [0, 0, 0, 1] : Array(repeating: 0xFE, count: 16)
            row.isTLS = index.isMultiple(of: 3)
            row.mail = .compressed(
                ByteBuffer(bytes: (0...255).map { UInt8($0) } + Array(repeating: 0, count: index * 10))
            )
            return row
        }
        try connection.insert(rows)
        try connection.insert([rows[0]])
        if oversized {
            var bad = rows[1]
            bad.hash = String(repeating: "x", count: 200)
            let failure = #expect(throws: SQLFailure.self) { try connection.insert([rows[0], bad]) }
            #expect(failure?.reach == .row)
            #expect(failure?.description.contains("xxx") == false)
        }
        try connection.insert([rows[2]])
        #expect(connection.isAlive)
    }

    private func options(_ dialect: SQLDialect, _ dataSource: String) throws -> SQLDriverOptions {
        let table = try #require(SQLName("mail"))
        return SQLDriverOptions(
            dataSource: Secret(dataSource),
            insert: try InsertStatement(table: table, dialect: dialect),
            query: RecipientQuery("SELECT 1 FROM mail WHERE recipient = ?"),
            saveTimeout: .seconds(120),
            validateTimeout: .seconds(120)
        )
    }

    private func finds(_ driver: any SQLDriver) throws {
        let connection = try driver.connect(for: .validating)
        defer { connection.close() }
        #expect(
            try connection.find([["row7@example.com"], ["' OR 1=1 --"], ["row8@example.com"], [""]]) == [
                true, false, true, false,
            ]
        )
    }

    #if MySQL
    @Test(.enabled(if: dataSource("MYSQL") != nil))
    func mysqlFitsIntoAChain() async throws {
        try await self.fits(MySQLDriver.description, try #require(Self.dataSource("MYSQL")))
    }

    @Test(.enabled(if: dataSource("MYSQL") != nil), arguments: [MySQLDriver.Grouping.automatic, .multiRow])
    func mysqlKeepsWhatItIsGiven(grouping: MySQLDriver.Grouping) throws {
        let driver = try MySQLDriver(self.options(.mysql, try #require(Self.dataSource("MYSQL"))), grouping: grouping)
        try self.keeps(driver)
        try self.finds(driver)
    }
    #endif

    #if Postgres
    @Test(.enabled(if: dataSource("POSTGRES") != nil))
    func postgresFitsIntoAChain() async throws {
        try await self.fits(PostgresDriver.description, try #require(Self.dataSource("POSTGRES")))
    }

    @Test(.enabled(if: dataSource("POSTGRES") != nil))
    func postgresKeepsWhatItIsGiven() throws {
        let driver = try PostgresDriver(self.options(.postgres, try #require(Self.dataSource("POSTGRES"))))
        try self.keeps(driver)
        try self.finds(driver)
    }
    #endif

    #if SQLite
    @Test func sqlite3KeepsWhatItIsGivenAndFitsIntoAChain() async throws {
        let directory = TemporaryDirectory()
        let path = directory.path("mail.db")
        let source = "file:\(path)?_journal_mode=WAL"
        let driver = try SQLite3Driver(self.options(.sqlite3, source))
        #expect {
            try driver.connect(for: .saving)
        } throws: {
            "\($0)".hasPrefix("there is no such file")
        }
        #expect(directory.contents.isEmpty)

        var handle: OpaquePointer?
        #expect(sqlite3_open(path, &handle) == SQLITE_OK)
        let schema = MailTableSchema.statements(table: try #require(SQLName("mail")), dialect: .sqlite3)
        #expect(sqlite3_exec(handle, schema, nil, nil, nil) == SQLITE_OK)

        try self.keeps(driver, oversized: false)
        try self.finds(driver)
        var statement: OpaquePointer?
        sqlite3_prepare_v2(
            handle,
            "SELECT sum(length(mail)), count(*), max(length(ip_addr)), sum(is_tls) FROM mail",
            -1,
            &statement,
            nil
        )
        #expect(sqlite3_step(statement) == SQLITE_ROW)
        // The rows 0 and 2 are there twice.
        #expect(sqlite3_column_int64(statement, 0) == 302 * 256 + 10 * (299 * 300 / 2) + 20)
        #expect(sqlite3_column_int64(statement, 1) == 302)
        #expect(sqlite3_column_int64(statement, 2) == 16)
        #expect(sqlite3_column_int64(statement, 3) == 101)
        sqlite3_finalize(statement)
        sqlite3_close(handle)

        try await self.fits(SQLite3Driver.description, source)
    }

    /// A value that a function does not take, a trigger's RAISE, a table that is gone.
    @Test func sqlite3RefusesOneMessageAndNotTheOthers() async throws {
        let directory = TemporaryDirectory()
        let path = directory.path("mail.db")
        var handle: OpaquePointer?
        #expect(sqlite3_open(path, &handle) == SQLITE_OK)
        let schema = MailTableSchema.statements(table: try #require(SQLName("mail")), dialect: .sqlite3)
        let trigger = """
            CREATE TRIGGER t BEFORE INSERT ON mail BEGIN
                SELECT RAISE(ABORT, 'secret') WHERE NEW.recipient = 'raise';
                SELECT json_extract(CASE NEW.recipient WHEN 'json' THEN '{' ELSE '{}' END, '$');
            END
            """
        #expect(sqlite3_exec(handle, schema + trigger, nil, nil, nil) == SQLITE_OK)
        let driver = try SQLite3Driver(self.options(.sqlite3, path))
        let worker = SQLWorker<SQLMessage, Void>(driver: driver, purpose: .saving, settings: .init()) {
            connection,
            messages throws(SQLFailure) in
            try connection.insert(messages.flatMap(\.rows))
            return Array(repeating: (), count: messages.count)
        }
        func commit(_ recipients: String...) async -> [SQLFailure.Reach?] {
            await worker.commit(recipients.map { .to($0) }).map {
                if case .failure(let error) = $0 { error.reach } else { nil }
            }
        }
        #expect(await commit("a", "raise", "b", "json", "c") == [nil, .row, nil, .row, nil])
        #expect(!worker.isResting)
        #expect(sqlite3_exec(handle, "ALTER TABLE mail RENAME TO elsewhere", nil, nil, nil) == SQLITE_OK)
        #expect(await commit("a", "b") == [.store, .store])
        #expect(worker.isResting)
        worker.close()
        sqlite3_close(handle)
    }
    #endif
}
