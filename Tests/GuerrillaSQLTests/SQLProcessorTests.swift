import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
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

    /// What becomes of a message.
    private func save(_ processor: SQLProcessor, to recipient: String = "a@example.com") async throws {
        var envelope = try Envelope.testing(to: [recipient])
        _ = try await processor.save(&envelope, next: SaveNext([]))
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
        // No mail waits for it: the one who tried to start it is told.
        #expect(self.log.entries.isEmpty)
        var envelope = try Envelope.testing()
        await #expect(throws: SQLProcessor.NotOpen.self) { _ = try await processor.save(&envelope, next: SaveNext([])) }
    }

    @Test func whatTheDatabaseMayLoseIsSaidAtTheStart() async throws {
        self.database.state.withLock { $0.cautions = ["fsync is off"] }
        let processor = try self.processor()
        try await processor.start()
        #expect(self.log.entries.map { "\($0.level) \($0.message)" } == ["warning fake at nowhere: fsync is off"])
        await processor.shutdown(deadline: .now + .seconds(60))
        try await processor.checkConnection()
        #expect(self.log.entries.count == 2)
        #expect(self.database.state.withLock { $0.connections } == 0)
    }

    @Test func goingAndComingBackAreOneLineEachHoweverManyMessagesMeetIt() async throws {
        let processor = try self.processor()
        try await processor.start()
        self.database.state.withLock {
            $0.failures = [SQLFailure(.store, "shutting down")]
            $0.connectFailures = Array(repeating: SQLFailure(.store, "refused"), count: 3)
        }
        for _ in 0..<3 {
            let error = await #expect(throws: OutageError.self) { try await self.save(processor) }
            #expect(error?.description.hasPrefix("the store cannot commit: ") == true)
            #expect(error?.smtpReply == .localError)
        }
        #expect(self.log.entries.map(\.level) == [.error])
        let line = "fake at nowhere is away, messages wait at their senders: shutting down"
        #expect("\(self.log.entries[0].message)" == line)
        // It is back when it has served for as long as it takes to be sure.
        let begin = ContinuousClock.now
        while self.log.entries.count == 1, .now - begin < .seconds(60) { try? await self.save(processor) }
        #expect(self.log.entries.map(\.level) == [.error, .notice])
        #expect("\(self.log.entries[1].message)".hasPrefix("fake at nowhere is back after "))
        await processor.shutdown(deadline: .now + .seconds(60))
    }

    @Test func aMessageAtFaultIsNoOutage() async throws {
        let processor = try self.processor()
        try await processor.start()
        self.database.state.withLock {
            $0.failures = Array(repeating: SQLFailure(.row, "a row was refused"), count: 5)
        }
        for _ in 0..<5 { await #expect(throws: CommitFailure.self) { try await self.save(processor) } }
        self.database.state.withLock { $0.failures = [SQLFailure(.unknown, "lost in commit")] }
        let error = await #expect(throws: CommitFailure.self) { try await self.save(processor) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("unknown whether"))
        #expect(self.log.entries.isEmpty)
        await processor.shutdown(deadline: .now + .seconds(60))
    }

    @Test func aRecipientThatCannotBeComparedDoesNotStopTheOthers() async throws {
        let processor = try self.processor(query: "SELECT 1 FROM users WHERE name = :local")
        try await processor.start()
        let envelope = try Envelope.testing()
        for _ in 0..<3 {
            await #expect(throws: CommitFailure.self) {
                _ = try await processor.validate(
                    try Recipient.testing("incomparable@example.com"),
                    in: envelope,
                    next: ValidateNext([])
                )
            }
            let other = try await processor.validate(
                try Recipient.testing("known@example.com"),
                in: envelope,
                next: ValidateNext([])
            )
            #expect(other == .accepted)
        }
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
