import GuerrillaBackend
import GuerrillaMail
import GuerrillaTesting
import InMemoryLogging
import Logging
import Synchronization
import Testing

@testable import GuerrillaSQL

@Suite struct SQLProcessorTests {
    private let database = FakeDatabase()
    private let log = InMemoryLogHandler()

    private func processor(query: String? = nil) throws -> SQLProcessor {
        var settings = SQLProcessor.Settings()
        settings.mailHost = "mail.example.com"
        settings.query = try query.map { try #require(RecipientQuery($0)) }
        return SQLProcessor(
            driver: self.database,
            settings: settings,
            logger: Logger(label: "test") { [log = self.log] _ in log }
        )
    }

    @Test func aMessageIsStoredOnceForEachRecipient() async throws {
        let processor = try self.processor()
        try await processor.start()
        var envelope = try Envelope.testing(to: ["a@example.com", "b@example.com"])
        envelope.hashes = ["0123", "4567"]
        let verdict = try await processor.save(&envelope, next: SaveNext([]))
        #expect(verdict == .stored)
        #expect(envelope.queuedID.description == "0123")
        #expect(self.database.state.withLock { $0.committed } == ["a@example.com", "b@example.com"])
        await processor.shutdown(deadline: .now + .seconds(60))
        #expect(self.database.state.withLock { $0.connections } == 0)
    }

    @Test func aDatabaseThatCannotBeReachedStopsTheStart() async throws {
        self.database.state.withLock { $0.connectFailures = [SQLFailure(.store, "no such table")] }
        let processor = try self.processor()
        await #expect(throws: SQLFailure.self) { try await processor.start() }
        // No mail waits for it: whoever tried to start it knows why it does not.
        #expect(self.log.entries.isEmpty)
        var envelope = try Envelope.testing()
        await #expect(throws: SQLProcessor.NotOpen.self) { _ = try await processor.save(&envelope, next: SaveNext([])) }
    }

    @Test func aDatabaseThatGoesAwayIsToldOfOnceMessagesCome() async throws {
        let processor = try self.processor()
        try await processor.start()
        processor.wasPutInForce()
        #expect(self.log.entries.isEmpty)
        self.database.state.withLock { $0.failures = [SQLFailure(.store, "shutting down")] }
        var envelope = try Envelope.testing()
        await #expect(throws: CommitFailure.self) { _ = try await processor.save(&envelope, next: SaveNext([])) }
        #expect(self.log.entries.map(\.level) == [.error])
        await processor.shutdown(deadline: .now + .seconds(60))
    }

    @Test func theQuerySaysWhoExists() async throws {
        let processor = try self.processor(query: "SELECT 1 FROM users WHERE name = :local")
        try await processor.start()
        let envelope = try Envelope.testing()
        for (address, verdict) in [
            ("known@example.com", RecipientVerdict.accepted),
            ("unknown@example.com", .rejected(reason: "no such user")),
            ("postmaster", .accepted),
        ] {
            let found = try await processor.validate(
                try Recipient.testing(address),
                in: envelope,
                next: ValidateNext([])
            )
            #expect(found == verdict, "\(address)")
        }
        await processor.shutdown(deadline: .now + .seconds(60))
    }

    @Test func withoutAQueryEverybodyExists() async throws {
        let processor = try self.processor()
        try await processor.start()
        let envelope = try Envelope.testing()
        let found = try await processor.validate(
            try Recipient.testing("x@example.com"),
            in: envelope,
            next: ValidateNext([])
        )
        #expect(found == .accepted)
        await processor.shutdown(deadline: .now + .seconds(60))
    }

    @Test(
        arguments: [
            ("sql_driver", "postgres"), ("mail_table", "mail; DROP TABLE mail"), ("sql_values", "(?)"),
            ("sql_validate", "SELECT 1"), ("sql_dsn", "secret"),
        ]
    )
    func whatCannotBeUsedIsNamed(key: String, value: String) throws {
        let fake = SQLDriverDescription(.mysql) { options throws(DataSourceError) in
            _ = try MySQLDataSource(options.dataSource.reveal())
            return FakeDatabase()
        }
        let description = SQLProcessor.description(drivers: [fake])
        var values: ConfigurationObject = ["sql_driver": "mysql", "sql_dsn": "/mail", "mail_table": "mail"]
        _ = try description.make(.testing(values))
        values[key] = .string(value)
        let error = #expect(throws: ConfigurationError.self) { try description.make(.testing(values)) }
        #expect(error?.keyPath == "backend_config.\(key)")
        #expect(error?.description.contains("secret") == false)
    }
}
