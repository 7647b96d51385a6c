import GuerrillaBackend
import GuerrillaTestSupport
import Testing

@testable import Guerrilla

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct ConfigurationListingTests {
    private let table = ConfigurationTable(registry: .standard)

    private func loader(_ environment: [String: String] = [:]) -> ConfigurationLoader {
        ConfigurationLoader(table: self.table, hostName: "host.test", environment: environment)
    }

    private func listing(
        _ text: String,
        environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> ConfigurationListing {
        let (report, listing) = self.loader(environment).list(text.utf8, source: .file("test.conf"))
        return try #require(listing, "\(report.problemTexts)", sourceLocation: sourceLocation)
    }

    /// The configuration with every processor's key spelt out, so that what is not set and what is set to the default are equal.
    private func normalised(_ configuration: DaemonConfiguration) -> DaemonConfiguration {
        var configuration = configuration
        var values = configuration.backend.processorConfiguration.values
        for key in self.table.backend {
            let value = values[key.name] ?? key.defaultValue?.value
            values[key.name] = key.replacement == nil && value != .null ? value : nil
        }
        configuration.backend.values = values
        return configuration
    }

    /// What is listed is read back as the same configuration, without a word, and listed again as the same.
    private func expectRoundTrip(
        _ text: String,
        environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let (report, listing) = self.loader(environment).list(text.utf8, source: .file("test.conf"))
        let original = try #require(report.configuration, "\(report.problemTexts)", sourceLocation: sourceLocation)
        let all = try #require(listing).json(secrets: true)
        let changes = try #require(listing).json(secrets: true, changesOnly: true)
        for json in [all, changes] {
            let (again, secondListing) = self.loader().list(json.utf8, source: .file("again.conf"))
            let read = try #require(
                again.configuration,
                "\(again.problemTexts) in\n\(json)",
                sourceLocation: sourceLocation
            )
            #expect(self.normalised(read) == self.normalised(original), "\(json)", sourceLocation: sourceLocation)
            #expect(secondListing?.json(secrets: true) == all, sourceLocation: sourceLocation)
            // A server that stands in the file is a change, even if it is the one there is without a file.
            guard json == changes else { continue }
            #expect(
                secondListing?.json(secrets: true, changesOnly: true) == changes,
                sourceLocation: sourceLocation
            )
        }
    }

    // MARK: Round trips

    @Test func sampleIsReadBack() throws {
        try self.expectRoundTrip(ConfigurationSample.text)
    }

    /// `check` asks those who come from go-guerrilla to decide.
    @Test(arguments: [("{}", "null"), (#"{"backend_config": {"stored_line_endings": "crlf"}}"#, #""crlf""#)])
    func lineEndingsThatNobodyHasChosenAreNotShownAsChosen(_ text: String, _ shown: String) throws {
        let listing = try self.listing(text)
        #expect(listing.json().contains(#""stored_line_endings": \#(shown)"#))
        #expect(listing.json(changesOnly: true).contains("stored_line_endings") == (shown != "null"))
    }

    @Test func defaultsAreReadBackWithoutAWarning() throws {
        try self.expectRoundTrip("{}")
        let report = self.loader().load(try self.listing("{}").json().utf8, source: .file("again.conf"))
        #expect(report.warningTexts == [])
        #expect(try self.listing("{}").json(changesOnly: true) == "{}\n")
    }

    @Test(arguments: [
        #"{"backend_config":{"gw_save_timeout":"30s"}}"#,
        #"{"backend_config":{"log_received_mails":true}}"#,
        #"{"backend_config":{"save_process":"Header"}, "allowed_hosts": [], "log_level": "WARNING", "pid_file": ""}"#,
        #"""
        {"SERVERS":[{"is_enabled":true,"listen_interface":"127.0.0.1:25","Max_Size":7,"max_size":0},
        {"is_enabled":true,"listen_interface":"127.0.0.1:25","max_size":9},
        {"listen_interface":":465","host_name":"a.example","tls":null,"trusted_networks":[],
        "certificates":[{"private_key_file":"k","public_key_file":"c","host_names":["*.example"]}]}]}
        """#,
        #"{"backend_config":{"mysql_pass":"old","unknown":["x",{"y":1.5}],"stored_line_endings":"crlf"},"user":"mail"}"#,
    ])
    func oddFilesAreReadBack(_ text: String) throws {
        try self.expectRoundTrip(text)
    }

    @Test func environmentIsListed() throws {
        let environment = [
            "GUERRILLA_ALLOWED_HOSTS": "a.example,b.example", "GUERRILLA_BACKEND_CONFIG_GW_SAVE_TIMEOUT": "90s",
            "GUERRILLA_BACKEND_CONFIG_SQLITE_PATH": "/tmp/x.sqlite",
        ]
        try self.expectRoundTrip(ConfigurationSample.text, environment: environment)
        #expect(
            try self.listing("{}", environment: environment).json(changesOnly: true) == """
                {
                    "allowed_hosts": ["a.example", "b.example"],
                    "backend_config": {
                        "gw_save_timeout": "1m30s",
                        "sqlite_path": "/tmp/x.sqlite",
                        "log_received_mails": true
                    }
                }

                """
        )
    }

    @Test func embeddedDefaultIsReadBack() throws {
        let (report, listing) = self.loader().list(.embeddedDefault)
        let json = try #require(listing).json()
        let again = try #require(self.loader().load(json.utf8, source: .file("again.conf")).configuration)
        #expect(self.normalised(again) == self.normalised(try #require(report.configuration)))
        #expect(json.contains(#""save_process": "HeadersParser|Header|sqlite""#))
    }

    @Test func randomConfigurationsAreReadBack() throws {
        for seed in 0..<100 {
            var random = SeededRandom(seed: UInt64(seed))
            let file = RandomConfiguration(table: self.table).file(using: &random)
            try self.expectRoundTrip(JSONText.pretty(file))
        }
    }

    // MARK: Completeness

    @Test func everyKeyIsListedInTheOrderOfTheTable() throws {
        let text =
            #"{"servers":[{"is_enabled":true,"listen_interface":":25","certificates":[{"host_names":["a.example"]}]}]}"#
        let file = try JSONReader.read(Array(try self.listing(text).json().utf8))
        func names(_ keys: [ConfigurationKey]) -> [String] { keys.filter { $0.replacement == nil }.map(\.name) }
        #expect(file.members?.map(\.key) == names(self.table.application))
        let server = try #require(file["servers"]?.elements?.first)
        #expect(server.members?.map(\.key) == names(self.table.server))
        #expect(server["tls"]?.members?.map(\.key) == names(self.table.tls))
        #expect(server["certificates"]?.elements?.first?.members?.map(\.key) == names(self.table.certificate))
        let backend = try #require(file["backend_config"]?.members).map(\.key)
        #expect(
            backend.filter { $0 != "log_received_mails" }
                == names(self.table.backend).filter { $0 != "log_received_mails" }
        )
        #expect(backend.contains("log_received_mails"))
    }

    // MARK: Secrets

    @Test(arguments: [
        ("mysql", "mail:p@ss:w/ord@tcp(127.0.0.1:3306)/mail?tls=true", "mail:***@tcp(127.0.0.1:3306)/mail?tls=true"),
        ("mysql", "mail@unix(/run/mysqld.sock)/mail", "mail@unix(/run/mysqld.sock)/mail"),
        ("MySQL", "/mail?secret_thing=a%20b", "/mail?secret_thing=***"),
        ("mysql", "no dsn, but p@ssword", "***"),
        (
            "postgres", "postgres://mail:p%40ss@db:5433/mail?sslmode=disable&sslpassword=x",
            "postgres://mail:***@db:5433/mail?sslmode=disable&sslpassword=***"
        ),
        (
            "postgres", "user=mail password='a b\\'c' host=/run dbname='my mail'",
            "dbname='my mail' host=/run password=*** user=mail"
        ),
        ("postgres", "postgresx=?a://b", "host=localhost options='-c postgresx=?a://b' sslmode=require"),
        ("postgres", "dbname=postgres://b", "dbname=postgres://b host=localhost sslmode=require"),
        (
            "postgres", "host=/run password=x app.password=hunter2 search_path=a",
            "host=/run options=*** password=***"
        ),
        ("postgres", "host=/run search_path=a", "host=/run options='-c search_path=a'"),
        ("postgres", #"host=/run options='-c app.p\\assword=hunter2'"#, "host=/run options=***"),
        (
            "postgres", "postgres://u:p@h/db?options=-c%20app.%70assword%3Dhunter2&connect_timeout=1",
            "postgres://u:***@h/db?options=***&connect_timeout=1"
        ),
        (
            "postgres", "postgres://u:p@h/db?options=-c%20search_path%3Da",
            "postgres://u:***@h/db?options=-c%20search_path%3Da"
        ),
        ("postgres", "postgres://u:p@h/db?app.password=hunter2", "postgres://u:***@h/db?app.password=***"),
        // Passwords that were to be escaped, and are taken for something else.
        ("postgres", "postgres://u:1?x=2@h/db", "***"), ("mysql", "u:a@/b@tcp/db", "***"),
        ("sqlite3", "file:mail.db?_busy_timeout=5000", "file:mail.db?_busy_timeout=5000"),
        ("sqlite3", ":memory:", "***"),
    ])
    func passwordsInDataSourceNamesAreNotShown(_ driver: String, _ name: String, _ shown: String) throws {
        let object = ConfigurationValue.object([
            "backend_config": ["sql_driver": .string(driver), "sql_dsn": .string(name)]
        ])
        let listing = try self.listing(JSONText.line(object))
        #expect(listing.json().contains(#""sql_dsn": "# + JSONText.line(.string(shown))))
        #expect(listing.json(secrets: true).contains(#""sql_dsn": "# + JSONText.line(.string(name))))
    }

    @Test(arguments: [
        ("127.0.0.1:6379", "127.0.0.1:6379"), ("/run/redis.sock", "/run/redis.sock"),
        ("rediss://mail:p@ss:w@redis.example:6380/2", "rediss://mail:***@redis.example:6380/2"),
        ("redis://:pass@a:1,b:2", "redis://:***@a:1,b:2"),
        ("unix://u:pass@/run/redis.sock", "unix://u:***@/run/redis.sock"), ("ftp://u:pass@host", "***"),
        // A password with a comma is taken for the end of one place and the beginning of the next.
        ("redis://u:1,2@host", "***"),
    ])
    func passwordsOfRedisAreNotShown(_ interface: String, _ shown: String) throws {
        let value = ConfigurationValue.object(["backend_config": ["redis_interface": .string(interface)]])
        #expect(
            try self.listing(JSONText.line(value)).json().contains(
                #""redis_interface": "# + JSONText.line(.string(shown))
            )
        )
    }

    @Test func otherSecretsAndUnknownKeysAreNotShown() throws {
        let listing = try self.listing(
            #"{"backend_config":{"s3_secret_access_key":"hush","sql_dns":"a:hush@tcp(b)/c","redis_pass":["hush"],"flag":true}}"#
        )
        #expect(!listing.json().contains("hush"))
        #expect(listing.json().contains(#""sql_dns": "***""#) && listing.json().contains(#""flag": true"#))
        #expect(listing.json(secrets: true).components(separatedBy: "hush").count == 4)
    }

    @Test func everyKeyThatCanHoldASecretIsMarked() {
        let words = ["dsn", "pass", "secret", "token", "redis_interface"]
        let keys =
            self.table.application + self.table.server + self.table.tls + self.table.certificate + self.table.backend
        for key in keys where key.replacement == nil && words.contains(where: key.name.contains) {
            #expect(key.isSecret, "\(key.name)")
        }
        // A file's name gives nothing away.
        #expect(!TLSKeys.privateKeyFile.description.isSecret)
    }

    // MARK: Samples

    @Test func sampleIsTheFileInTheRepository() throws {
        let file = try String(contentsOfFile: repositoryPath("goguerrilla.conf.sample"), encoding: .utf8)
        #expect(ConfigurationSample.text == file)
    }

    @Test func sampleOfEveryKeyIsTheDefault() throws {
        let report = ConfigurationLoader().load(ConfigurationSample.everyKey().utf8, source: .file("sample.conf"))
        let configuration = try #require(report.configuration, "\(report.problemTexts)")
        #expect(report.warningTexts == [])
        #expect(self.normalised(configuration) == self.normalised(DaemonConfiguration()).withLogReceivedMails)
    }
}

extension ConfigurationNode {
    fileprivate subscript(key: String) -> ConfigurationNode? {
        self.members?.last { $0.key == key }?.node
    }
}

extension DaemonConfiguration {
    /// As an empty file has it.
    fileprivate var withLogReceivedMails: Self {
        var configuration = self
        configuration.backend.values["log_received_mails"] = true
        return configuration
    }
}
