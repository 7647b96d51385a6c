import Guerrilla
import GuerrillaBackend
import GuerrillaMail
import GuerrillaSMTP
import GuerrillaTestSupport
import GuerrillaTesting
import Testing

#if SQLite
import GuerrillaSQLite
#endif
#if canImport(Glibc)
import Glibc
#endif

/// Every processor of ours that needs no server of its own does what it asks of others.
struct OwnProcessorsTests {
    @Test(arguments: ["HeadersParser", "Header", "Debugger", "Hasher", "Compressor"])
    func fitsIntoAChain(_ name: String) async throws {
        let description = try #require(ProcessorRegistry.standard[name])
        try await ProcessorCompatibilityTest(description).run()
    }

    @Test func wildcardFitsIntoAChain() async throws {
        let description = try #require(ProcessorRegistry.standard["wildcard"])
        try await ProcessorCompatibilityTest(description, configuration: ["wildcard_hosts": "*.com"]).run()
    }

    @Test func maildirFitsIntoAChain() async throws {
        let description = try #require(ProcessorRegistry.standard["MailDir"])
        let directory = TemporaryDirectory()
        try await ProcessorCompatibilityTest(
            description,
            configuration: [
                "maildir_path": .string(directory.path("[user]")), "maildir_user_map": "recipient=-1:-1",
            ]
        ).run()
    }

    #if SQLite
    @Test func sqliteFitsIntoAChain() async throws {
        let description = try #require(ProcessorRegistry.standard["sqlite"])
        let directory = TemporaryDirectory()
        try await ProcessorCompatibilityTest(
            description,
            configuration: ["sqlite_path": .string(directory.path("mail.sqlite"))]
        ).run()
    }
    #endif

    private static func environment(_ name: String) -> String? {
        getenv("GUERRILLA_TEST_\(name)").map { String(cString: $0) }
    }

    /// In the system tests, which start a server and make the table.
    @Test(.enabled(if: environment("REDIS") != nil))
    func guerrillaRedisDBFitsIntoAChain() async throws {
        let description = try #require(ProcessorRegistry.standard["guerrillaredisdb"])
        try await ProcessorCompatibilityTest(
            description,
            configuration: [
                "redis_interface": .string(try #require(Self.environment("REDIS"))), "redis_expire_seconds": 3_600,
                "sql_driver": "sqlite3", "sql_dsn": .string(try #require(Self.environment("SQLITE3"))),
                "mail_table": "mail",
            ]
        ).run()
    }
}

/// The file that others begin with compiles (it is linked into these tests) and fits.
struct ProcessorTemplateTests {
    @Test func fitsIntoAChain() async throws {
        try await ProcessorCompatibilityTest(
            ProcessorTemplate.description,
            configuration: ["template_refused_domains": ["spam.example"]]
        ).run()
    }

    @Test func refusesAndMarks() async throws {
        var registry = ProcessorRegistry()
        registry.register(ProcessorTemplate.description)
        let chain = try ProcessorChain(
            save: "Template",
            registry: registry,
            context: .testing(["template_refused_domains": ["spam.example"]])
        )
        var unwanted = try Envelope.testing(from: "a@SPAM.example")
        let refusal = try await chain.save(&unwanted)
        #expect(
            refusal
                == .reply(
                    SMTPReply(.mailboxUnavailable, EnhancedStatusCode(5, 7, 1), "Mail from SPAM.example is not wanted")
                )
        )
        var wanted = try Envelope.testing(from: "a@example.org")
        #expect(try await chain.save(&wanted) == .discarded)
        #expect(wanted[TemplateMark.self] == "example.org")
    }
}
