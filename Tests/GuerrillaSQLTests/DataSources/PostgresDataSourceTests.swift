import GuerrillaBackend
import Testing

@testable import GuerrillaSQL

@Suite struct PostgresDataSourceTests {
    private func parameters(_ text: String) throws -> [String: String] {
        try PostgresDataSource(text).parameters.mapValues { $0.reveal() }
    }

    @Test func url() throws {
        let found = try self.parameters(
            "postgres://us%40er:p%3Aw@[::1]:5433/mail?sslmode=verify-full&connect_timeout=3"
        )
        #expect(
            found == [
                "user": "us@er", "password": "p:w", "host": "::1", "port": "5433", "dbname": "mail",
                "sslmode": "verify-full", "connect_timeout": "3",
            ]
        )
        #expect(try PostgresDataSource("postgresql://u:p@db/mail").place == "postgres at db:5432")
    }

    @Test func keywords() throws {
        let found = try self.parameters(#"user=u password='it\'s a \\ ' host = /run/postgresql dbname=mail"#)
        #expect(found == ["user": "u", "password": #"it's a \ "#, "host": "/run/postgresql", "dbname": "mail"])
    }

    @Test func libpqsDefaultsAreLibPQs() throws {
        #expect(try self.parameters("dbname=mail") == ["dbname": "mail", "host": "localhost", "sslmode": "require"])
    }

    @Test func otherNamesAreSettingsOfTheSession() throws {
        let found = try self.parameters(
            "postgres://db/mail?search_path=a%20b&statement_timeout=5000&binary_parameters=yes"
        )
        #expect(found["options"] == #"-c search_path=a\ b -c statement_timeout=5000"#)
    }

    @Test(
        arguments: [
            "secret", "password='secret", "postgres://u:secret%2@db/mail", "postgres://u:secret@db/mail?sslmode",
            "password=secret b;c=1",
        ]
    )
    func whatIsWrongIsSaidWithoutTheSecret(text: String) {
        let error = #expect(throws: DataSourceError.self) { try PostgresDataSource(text) }
        #expect(error?.description.contains("secret") == false)
    }
}
