import GuerrillaBackend
import GuerrillaProcessors
import Logging
import Synchronization
import Testing

@testable import Guerrilla

/// `backend_config`: processors' keys and the environment.
struct ConfigurationBackendTests {
    private static let size = ConfigurationKey("test_size", .octets, isRequired: true, range: 1...100, summary: "")
    private static let password = ConfigurationKey("test_password", .string, isSecret: true, summary: "")
    private let processors = [ConfigurationTable.ProcessorKeys("Test", aliases: ["tst"], keys: [size, password])]

    private func backend(_ members: String, environment: [String: String] = [:]) -> ConfigurationReport {
        load("{\"backend_config\":{\(members)}}", environment: environment, processors: processors)
    }

    @Test(arguments: [
        ("{}", true), (#"{"backend_config":{}}"#, true), (#"{"backend_config":{"save_process":"Header"}}"#, false),
    ])
    func logReceivedMailsFollowsGoGuerrillasRule(_ text: String, _ expected: Bool) {
        #expect(load(text).configuration?.backend.values["log_received_mails"] == .bool(expected))
    }

    @Test(
        arguments: [
            ("", nil), (#""stored_line_endings": "lf""#, .lf), (#""stored_line_endings": "crlf""#, .crlf),
        ] as [(String, StoredLineEndings?)]
    )
    func lineEndingsOfStoredMessages(_ member: String, _ expected: StoredLineEndings?) {
        let report = self.backend(member)
        #expect(report.problems.isEmpty && report.configuration?.backend.storedLineEndings == expected)
    }

    @Test func emptySaveProcessIsKept() {
        #expect(backend(#""save_process":"""#).configuration?.backend.saveProcess == "")
    }

    @Test(arguments: [
        (
            #""gw_save_timeout":"29 sec""#,
            #"gw_save_timeout: expected a duration such as "30s" or "1m30s", found the string "29 sec""#
        ),
        (
            #""gw_save_timeout":30"#,
            #"gw_save_timeout: expected a duration such as "30s" or "1m30s", found the number 30"#
        ),
        (#""gw_val_rcpt_timeout":"-5s""#, "gw_val_rcpt_timeout: -5s is out of range; use 1ns to 8760h0m0s"),
    ])
    func wrongTimeoutsAreProblems(_ member: String, _ problem: String) {
        #expect(backend(member).problemTexts == ["backend_config.\(problem) (line 1)"])
    }

    @Test func chainsAreToldHowManyWorkersStoresMayHave() throws {
        let configuration = try #require(backend(#""save_workers_size":3,"save_process":"workers""#).configuration)
        let seen = Mutex<[Int]>([])
        let registry = ProcessorRegistry([
            ProcessorDescription("workers", Header.self) { context in
                seen.withLock { $0.append(context.saveWorkers) }
                return Header()
            }
        ])
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        _ = try ProcessorChain(configuration.backend, registry: registry, logger: logger)
        #expect(seen.withLock { $0 } == [3])
    }

    @Test(arguments: [
        (#""save_workers_size":"1""#, #"save_workers_size: expected a whole number, found the string "1""#),
        (#""save_workers_size":-1"#, "save_workers_size: -1 is out of range; use 1 to 1024, or 0 for the default"),
    ])
    func whatGoGuerrillaReplacesSilentlyGivesAWarning(_ member: String, _ warning: String) {
        let report = backend(member)
        #expect(report.warningTexts == ["backend_config.\(warning); the value is ignored (line 1)"])
        #expect(report.configuration?.backend.saveWorkersSize == 1)
        let ignored = member.split(separator: "\"").first.map(String.init) ?? ""
        #expect(report.configuration?.backend.values[ignored] == nil)
    }

    @Test(arguments: ["HeadersParser|TEST", "tst", "a | test"])
    func keysOfAProcessorInUseAreChecked(_ chain: String) {
        #expect(
            backend(#""test_size":"x","save_process":"\#(chain)""#).problemTexts
                == [#"backend_config.test_size: expected a whole number of octets, found the string "x" (line 1)"#]
        )
        #expect(
            backend(#""validate_process":"\#(chain)""#).problemTexts
                == [
                    "backend_config.test_size: required by the processor `test`, but not set; expected a whole number of octets"
                ]
        )
        #expect(backend(#""save_process":"\#(chain)","test_size":5"#).problems.isEmpty)
    }

    @Test func keysOfAProcessorNotInUseGiveAWarningOnly() {
        let report = backend(#""test_size":"x""#)
        #expect(report.problems.isEmpty)
        #expect(report.warnings.count == 1)
    }

    @Test func theTableHasTheProcessorsPassedIn() {
        let table = ConfigurationTable(processors: [.init("Own", keys: [Self.size])])
        #expect(table.processors.map(\.name) == ["own"] && table.processors.first?.keys == [Self.size])
    }

    /// A key in the document is one that does something.
    @Test func everyProcessorOfTheTableIsThere() throws {
        for processor in ConfigurationTable(registry: .standard).processors {
            #expect(try ProcessorRegistry.standard.chain(processor.name).count == 1, "\(processor.name)")
            #expect(processor.keys.allSatisfy { $0.isEffective }, "\(processor.name)")
        }
    }

    @Test func unknownKeysReachTheProcessors() throws {
        let report = backend(#""my_list":[1,{"a":null}],"my_null":null"#)
        let values = try #require(report.configuration?.backend.processorConfiguration.values)
        #expect(values["my_list"] == [1, ["a": .null]])
        #expect(values["my_null"] == nil)
    }

    @Test func debuggerLogsMailsWhereNothingElseIsSet() throws {
        let values = BackendConfiguration(primaryMailHost: "mx.test").processorConfiguration.values
        #expect(values["log_received_mails"] == true)
        let parsed = try #require(backend(#""save_process":"x","gw_save_timeout":"90s""#).configuration)
        #expect(parsed.backend.processorConfiguration.values["log_received_mails"] == false)
    }

    @Test func printingAConfigurationShowsNoValues() throws {
        let configuration = try #require(backend(#""test_password":"hunter2","other":"hunter2""#).configuration)
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("hunter2"))
        }
    }

    @Test func secretsStayOutOfMessages() {
        let report = backend(#""test_password":12345,"save_process":"test","test_size":1"#)
        #expect(report.problemTexts == ["backend_config.test_password: expected a string, found a number (line 1)"])
    }

    // MARK: Environment

    @Test func environmentComesBeforeTheFile() throws {
        let report = load(
            #"{"log_level":"info","allowed_hosts":["a.test"],"pid_file":"a","backend_config":{"save_process":"x","primary_mail_host":"a.test"}}"#,
            environment: [
                "GUERRILLA_LOG_LEVEL": "error", "GUERRILLA_ALLOWED_HOSTS": "b.test, c.test", "GUERRILLA_PID_FILE": "",
                "GUERRILLA_EVENT_LOOPS": "3", "GUERRILLA_BACKEND_CONFIG_SAVE_PROCESS": "Header",
                "GUERRILLA_BACKEND_CONFIG_GW_SAVE_TIMEOUT": "7s",
                "GUERRILLA_BACKEND_CONFIG_SQLITE_PATH": "/tmp/x", "GUERRILLA_SHUTDOWN_TIMEOUT": "9", "log_level": "x",
                "PATH": "/bin",
            ]
        )
        #expect(report.problems.isEmpty)
        let configuration = try #require(report.configuration)
        #expect(configuration.logLevel == .error)
        #expect(configuration.allowedHosts == ["b.test", "c.test"])
        #expect(configuration.pidFile == "a")
        #expect(configuration.eventLoops == 3)
        #expect(configuration.shutdownTimeout == .seconds(9))
        #expect(configuration.backend.saveProcess == "Header")
        #expect(configuration.backend.saveTimeout == .seconds(7))
        #expect(configuration.backend.primaryMailHost == "a.test")
        #expect(configuration.backend.values["sqlite_path"] == "/tmp/x")
    }

    @Test func environmentHoldsForTheEmbeddedDefaultToo() {
        let loader = ConfigurationLoader(
            hostName: "a",
            environment: ["GUERRILLA_BACKEND_CONFIG_SQLITE_PATH": "/data/mail.db"]
        )
        let report = loader.load(from: .embeddedDefault)
        #expect(report.configuration?.backend.saveProcess == "HeadersParser|Header|sqlite")
        #expect(report.configuration?.backend.values["sqlite_path"] == "/data/mail.db")
    }

    @Test func badVariablesAreProblemsThatNameThem() {
        let report = load(
            "{}",
            environment: [
                "GUERRILLA_LOG_LEVEL": "loud", "GUERRILLA_EVENT_LOOPS": "two", "GUERRILLA_SERVERS": "[]",
                "GUERRILLA_BACKEND_CONFIG_LOG_RECEIVED_MAILS": "maybe",
            ]
        )
        #expect(
            Set(report.problemTexts) == [
                "GUERRILLA_SERVERS: this key can only be set in the configuration file",
                #"GUERRILLA_LOG_LEVEL: "loud" is not one of "panic", "fatal", "error", "warn", "warning", "info", "debug", "trace""#,
                #"GUERRILLA_EVENT_LOOPS: expected a whole number, found the string "two""#,
                #"GUERRILLA_BACKEND_CONFIG_LOG_RECEIVED_MAILS: expected true or false, found the string "maybe""#,
            ]
        )
    }

    @Test func variablesWithoutEffectAreNamed() {
        let report = load(
            "{}",
            environment: [
                "GUERRILLA_MAX_SIZE": "1", "GUERRILLA_START_TLS_ON": "true", "GUERRILLA_SERVERS_0_HOST": "x",
                "GUERRILLA_NONSENSE": "1", "GUERRILLA_BACKEND_CONFIG_NONSENSE": "1", "GUERRILLAD_X": "1",
                "GUERRILLA_REQUIRE_ALL": "1", "GUERRILLA_TEST_MYSQL": "x",
            ]
        )
        #expect(report.problems.isEmpty)
        #expect(
            report.warningTexts == [
                "GUERRILLA_BACKEND_CONFIG_NONSENSE: has no effect: no key has this name",
                "GUERRILLA_MAX_SIZE: has no effect: servers are configured in the file only",
                "GUERRILLA_NONSENSE: has no effect: no key has this name",
                "GUERRILLA_SERVERS_0_HOST: has no effect: servers are configured in the file only",
                "GUERRILLA_START_TLS_ON: has no effect: servers are configured in the file only",
            ]
        )
    }

    // MARK: Values that cannot be meant

    @Test(arguments: ["sqlite|sqlite", "sqlite|Header|SQLite", "redis|sqlite|sqlite"])
    func storeThatIsNamedTwice(_ chain: String) {
        let texts = load(
            #"{"backend_config":{"save_process":"\#(chain)","redis_interface":"a:1","redis_expire_seconds":1}}"#
        ).problemTexts
        #expect(
            texts == [
                "backend_config.save_process: the store `sqlite` is named twice; every message would be stored twice (line 1)"
            ]
        )
    }

    @Test func othersMayBeNamedTwice() {
        #expect(load(#"{"backend_config":{"save_process":"Header|Debugger|Debugger|sqlite"}}"#).problems.isEmpty)
    }

    @Test(arguments: [("9m59s", 0), ("10m", 1), ("1h", 1)])
    func verdictsThatComeTooLate(_ timeout: String, _ warnings: Int) {
        let report = load(#"{"backend_config":{"gw_save_timeout":"\#(timeout)"}}"#)
        #expect(report.problems.isEmpty && report.warnings.count == warnings)
        for warning in report.warningTexts {
            #expect(warning.hasPrefix("backend_config.gw_save_timeout: senders wait 10 minutes for a verdict"))
        }
    }

    @Test(arguments: [
        (#""save_process":"redis","redis_interface":"redis://:***@a:1""#, "redis_interface"),
        (#""save_process":"redis","redis_interface":"***""#, "redis_interface"),
        (#""save_process":"sql","sql_driver":"mysql","sql_dsn":"mail:***@tcp(db:3306)/mail""#, "sql_dsn"),
        (#""save_process":"sql","sql_driver":"mysql","sql_dsn":"***""#, "sql_dsn"),
        (#""save_process":"sql","sql_driver":"postgres","sql_dsn":"postgres://mail:***@db/mail""#, "sql_dsn"),
        (
            #""save_process":"sql","sql_driver":"postgres","sql_dsn":"host=db password=*** sslmode=require user=mail""#,
            "sql_dsn"
        ),
    ])
    func maskIsNoPassword(_ members: String, _ key: String) {
        let rest = #","mail_table":"mail","redis_expire_seconds":1}}"#
        let texts = load(#"{"backend_config":{"# + members + rest).problemTexts
        #expect(
            texts.contains {
                $0.hasPrefix(
                    "backend_config.\(key): `***` is what `guerrillad config show` prints instead of a password"
                )
            },
            "\(texts)"
        )
        let good = members.replacing("***@", with: "x***@").replacing("password=***", with: "password=*x*")
        guard good != members else { return }
        #expect(load(#"{"backend_config":{"# + good + rest).problems.isEmpty)
    }

    @Test(arguments: [
        (#""save_process":"sqlite","sqlite_path":"""#, ["sqlite_path"]),
        (#""save_process":"Header","sqlite_path":"""#, []),
        (
            #""save_process":"FastCGI","fcgi_connection_address":"","fcgi_script_filename_save":"","fcgi_script_filename_validate":"""#,
            ["fcgi_script_filename_save", "fcgi_connection_address"]
        ),
        (
            #""validate_process":"FastCGI","fcgi_connection_address":"a","fcgi_script_filename_save":"","fcgi_script_filename_validate":"""#,
            ["fcgi_script_filename_validate"]
        ),
    ])
    func emptyTextsThatNothingCanBeDoneWith(_ members: String, _ keys: [String]) {
        let report = load(#"{"backend_config":{"fcgi_connection_type":"unix","# + members + "}}")
        #expect(
            report.problemTexts == keys.map { "backend_config.\($0): expected a string, found an empty one (line 1)" }
        )
    }

    // MARK: Misspelt variables

    @Test func misspeltVariablesGiveAWarningAndOthersDoNot() {
        let report = load(
            "{}",
            environment: [
                "GUERRILLA_LOG_LEVLE": "info", "GUERRILLA_SERVICE_HOST": "10.0.0.1",
                "GUERRILLA_PORT_25_TCP_ADDR": "10.0.0.1",
            ]
        )
        #expect(
            report.warningTexts == ["GUERRILLA_LOG_LEVLE: no key has this name; did you mean `GUERRILLA_LOG_LEVEL`?"]
        )
    }
}
