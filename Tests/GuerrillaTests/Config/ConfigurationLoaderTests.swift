import GuerrillaBackend
import GuerrillaMail
import GuerrillaServer
import Testing

@testable import Guerrilla

/// Loads `text` as a file on a machine called `host.test`.
func load(
    _ text: String,
    environment: [String: String] = [:],
    processors: [ConfigurationTable.ProcessorKeys] = []
) -> ConfigurationReport {
    let loader = ConfigurationLoader(
        table: processors.isEmpty
            ? ConfigurationTable(registry: .standard) : ConfigurationTable(processors: processors),
        hostName: "host.test",
        environment: environment
    )
    return loader.load(text.utf8, source: .file("test.conf"))
}

/// A file with one enabled server that has `members` besides.
func server(_ members: String) -> String {
    #"{"servers":[{"is_enabled":true,"listen_interface":"127.0.0.1:2525","# + members + "}]}"
}

extension ConfigurationReport {
    var problemTexts: [String] { problems.map(\.description) }
    var warningTexts: [String] { warnings.map(\.description) }
}

struct ConfigurationLoaderTests {
    // MARK: Defaults

    @Test func emptyFileHasGoGuerrillasDefaults() throws {
        let report = load("{}")
        #expect(report.problems.isEmpty)
        #expect(report.warnings.isEmpty)
        let configuration = try #require(report.configuration)
        #expect(configuration.allowedHosts == ["host.test"])
        #expect(configuration.pidFile == nil)
        #expect(configuration.logFile == .standardError)
        #expect(configuration.logLevel == .debug)
        #expect(configuration.eventLoops == nil)
        #expect(configuration.maximumMessageMemory == nil)
        #expect(configuration.shutdownTimeout == .seconds(60))
        #expect(configuration.servers.count == 1)
        #expect(configuration.servers.first?.isEnabled == true)
        #expect(configuration.servers.first?.listenInterface.description == "127.0.0.1:2525")
        #expect(configuration.servers.first?.hostName == "host.test")
        #expect(configuration.backend.saveProcess == "HeadersParser|Header|Debugger")
        #expect(configuration.backend.validateProcess == "")
        #expect(configuration.backend.saveTimeout == .seconds(30))
        #expect(configuration.backend.validateTimeout == .seconds(5))
        #expect(configuration.backend.primaryMailHost == "host.test")
        #expect(configuration.backend.saveWorkersSize == 1)
        #expect(configuration.backend.values["log_received_mails"] == true)
    }

    @Test(arguments: [
        #"{"servers":[],"allowed_hosts":[]}"#,
        #"{"servers":null,"backend_config":null,"pid_file":"","log_file":"","log_level":""}"#,
    ])
    func emptyAndNullMeanTheDefault(_ text: String) {
        #expect(load(text).configuration == load("{}").configuration)
    }

    @Test func emptyListOfServersIsAWarning() {
        #expect(
            load(#"{"servers":[]}"#).warningTexts == [
                "servers: empty, which means the default: one enabled server on 127.0.0.1:2525 (line 1)"
            ]
        )
        #expect(load(#"{"servers":null}"#).warnings.isEmpty)
    }

    @Test func memoryForNoMessageIsAWarning() {
        func loaded(_ memory: Int, isEnabled: Bool = true) -> ConfigurationReport {
            load(
                #"{"max_message_memory":\#(memory),"servers":[{"is_enabled":true,"listen_interface":":25","max_size":1000},"#
                    + #"{"is_enabled":\#(isEnabled),"listen_interface":":26","max_size":2000000}]}"#
            )
        }
        #expect(loaded(2_000_000).warnings.isEmpty)
        #expect(loaded(1_999_999, isEnabled: false).warnings.isEmpty)
        let report = loaded(1_999_999)
        #expect(report.problems.isEmpty)
        #expect(
            report.warningTexts == [
                "max_message_memory: a message of max_size, 2000000 octets, does not fit in 1999999: it is answered 452 each time it"
                    + " comes (line 1)"
            ]
        )
    }

    // MARK: Addresses

    /// What the C library reads otherwise than it stands in the document.
    @Test(arguments: [
        ("300.1.1.1", "is no IPv4 address"), ("1.2.3.4.", "is no IPv4 address"),
        ("127.0.0.01", "is no IPv4 address; write 127.0.0.1:25"), ("127.1", "is no IPv4 address; write 127.0.0.1:25"),
        ("0", "is no IPv4 address; write 0.0.0.0:25"), ("0x7f.1", "is no IPv4 address; write 127.0.0.1:25"),
        ("0177.0.0.1", "is no IPv4 address; write 127.0.0.1:25"),
        ("2130706433", "is no IPv4 address; write 127.0.0.1:25"),
        ("0x7f000001", "is no IPv4 address; write 127.0.0.1:25"),
        ("*.example.com", "is no address and no host name"), ("127.0.0.1%lo", "is no address and no host name"),
        ("a/b", "is no address and no host name"), ("localhost%lo", "is no address and no host name"),
    ])
    func hostsThatAreNoAddress(_ host: String, _ problem: String) {
        let report = load(#"{"servers":[{"is_enabled":true,"listen_interface":"\#(host):25"}]}"#)
        #expect(report.problemTexts == ["servers[0].listen_interface: \(host) \(problem) (line 1)"])
        var configuration = DaemonConfiguration(hostName: "mx.example.com")
        configuration.servers[0].listenInterface = ListenInterface(host: host, port: 25)
        #expect(configuration.problems(.standard) == ["servers[0].listen_interface: \(host) \(problem)"])
    }

    @Test func anAddressOfALinkNeedsItsInterface() {
        let problem =
            "servers[0].listen_interface: fe80::1 is an address of one link: name the interface, as in [fe80::1%eth0]:25"
        #expect(
            load(#"{"servers":[{"is_enabled":true,"listen_interface":"[FE80::1]:25"}]}"#).problemTexts
                == ["\(problem) (line 1)"]
        )
        #expect(load(#"{"servers":[{"is_enabled":true,"listen_interface":"[fe80::1%eth0]:25"}]}"#).problems.isEmpty)
    }

    @Test(
        arguments: [
            ("127.0.0.1:25", "0.0.0.0:25", true), (":25", "127.0.0.1:25", true), (":25", "[::1]:25", true),
            (":25", "[::]:25", true), ("0.0.0.0:25", ":25", true), ("[::1]:25", "[::]:25", true),
            ("localhost:25", ":25", true),
            ("[fe80::1%eth0]:25", "[::]:25", true), ("[fe80::1%eth0]:25", "0.0.0.0:25", false),
            ("127.0.0.1:25", "0.0.0.0:26", false), ("0.0.0.0:25", "[::1]:25", false), ("0.0.0.0:25", "[::]:25", false),
            ("127.0.0.1:25", "127.0.0.2:25", false), (":0", "127.0.0.1:0", false),
            ("localhost:25", "0.0.0.0:25", false),
        ]
    )
    func twoServersOnOnePort(_ first: String, _ second: String, _ isProblem: Bool) {
        func loaded(isEnabled: Bool) -> [String] {
            load(
                #"{"servers":[{"is_enabled":true,"listen_interface":"\#(first)"},"#
                    + #"{"is_enabled":\#(isEnabled),"listen_interface":"\#(second)"}]}"#
            ).problemTexts
        }
        let problem =
            "servers[1].listen_interface: \(second) and \(first) of an earlier server cannot be had together: one is on all"
            + " interfaces, the other's included (line 1)"
        #expect(loaded(isEnabled: true) == (isProblem ? [problem] : []))
        #expect(loaded(isEnabled: false).isEmpty)
    }

    /// Each address in one form: what is equal is the same server.
    @Test(arguments: [
        ("127.0.0.1:25", "[::ffff:127.0.0.1]:25"), ("127.0.0.1:25", "[127.0.0.1]:25"), (":25", "*:25"),
        ("[::]:25", "[0::0]:25"),
        ("[::1]:25", "[0:0:0:0:0:0:0:1]:25"), ("localhost:25", "LocalHost:25"), ("0.0.0.0:25", "[::ffff:0.0.0.0]:25"),
        ("[fe80::1%eth0]:25", "[FE80:0::1%eth0]:25"),
    ])
    func oneAddressInTwoForms(_ first: String, _ second: String) {
        let report = load(
            #"{"servers":[{"is_enabled":true,"listen_interface":"\#(first)"},"#
                + #"{"is_enabled":true,"listen_interface":"\#(second)"}]}"#
        )
        #expect(report.problems.isEmpty)
        #expect(report.warningTexts.count == 1 && report.warningTexts[0].contains("has the same interface"))
        #expect(report.configuration?.servers.count == 1)
    }

    /// `[::]` is on IPv4 as well, and would take it from nobody; that it does not is told.
    @Test(arguments: [
        ("[::]:25", "127.0.0.1:25", "is on IPv6 alone, because 127.0.0.1:25 of another server is an address of IPv4"),
        ("0.0.0.0:25", "[::1]:25", "is on IPv4 alone, because [::1]:25 of another server is an address of IPv6"),
    ])
    func aFamilyThatIsLeftAloneIsTold(_ first: String, _ second: String, _ words: String) {
        func warnings(_ interfaces: String...) -> [String] {
            let servers = interfaces.map { #"{"is_enabled":true,"listen_interface":"\#($0)"}"# }
            let report = load(#"{"servers":[\#(servers.joined(separator: ","))]}"#)
            #expect(report.problems.isEmpty)
            return report.warningTexts
        }
        let found = warnings(first, second)
        #expect(found.count == 1 && found[0].hasPrefix("servers[0].listen_interface: \(first) \(words)"))
        #expect(warnings(second, first).count == 1)
        // The two together serve everybody; and ports have nothing to do with each other.
        #expect(warnings("0.0.0.0:25", "[::]:25").isEmpty)
        #expect(warnings(first, second.replacing(":25", with: ":26")).isEmpty)
        #expect(warnings(first).isEmpty)
    }

    @Test func listedServerHasItsDefaults() throws {
        let report = load(#"{"servers":[{"listen_interface":":25"},{"is_enabled":true,"listen_interface":":26"}]}"#)
        let server = try #require(report.configuration?.servers.first)
        #expect(!server.isEnabled)
        #expect(server.host == nil)
        #expect(server.port == 25)
        #expect(server.hostName == "host.test")
        #expect(server.limits.messageSize == 10_485_760)
        #expect(server.connection.timeout == .seconds(30))
        #expect(server.connection.maximumClients == 100)
        #expect(server.limits.recipients == 100)
        #expect(server.limits.messages == 1000)
        #expect(server.limits.commandLine == 2048)
        #expect(server.limits.dataOverrun == 31_457_280)
        #expect(server.limits.badCommands == 10)
        #expect(server.connection.commandTimeout == .seconds(30))
        #expect(server.connection.dataTimeout == .seconds(30))
        #expect(server.connection.messageTimeout == .seconds(600))
        #expect(server.connection.sessionTimeout == .seconds(3600))
        #expect(server.tls == TLSSettings())
        #expect(server.logFile == nil)
    }

    /// The defaults in the documents are read from the properties.
    @Test func tableHasTheDefaultsOfTheProperties() {
        #expect(ServerKeys.maxSize.description.defaultValue == .integer(10_485_760))
        #expect(ServerKeys.minDataRate.description.defaultValue == .integer(0))
        #expect(ServerKeys.messageTimeout.description.defaultValue == .integer(600))
        #expect(ServerKeys.bareNewline.description.defaultValue == .string("keep"))
        #expect(ServerKeys.trustedNetworks.description.defaultValue == .stringList(["127.0.0.0/8", "::1/128"]))
        #expect(ServerKeys.limitExemptNetworks.description.defaultValue == .stringList([]))
        #expect(ServerKeys.isEnabled.description.defaultValue == .bool(false))
        #expect(ApplicationKeys.minFreeSpace.description.defaultValue == .integer(67_108_864))
        #expect(ApplicationKeys.logLevel.description.defaultValue == .string("debug"))
        #expect(ApplicationKeys.logFile.description.defaultValue == .string("stderr"))
        #expect(ApplicationKeys.shutdownTimeout.description.defaultValue == .integer(60))
        #expect(GatewayKeys.saveProcess.description.defaultValue == .string("HeadersParser|Header|Debugger"))
        #expect(GatewayKeys.validateProcess.description.defaultValue == .string(""))
        #expect(GatewayKeys.saveTimeout.description.defaultValue == .string("30s"))
    }

    /// Each row reads what it writes, says when two owners differ in it, and is held to its range.
    @Test func rowsAreConsistent() throws {
        func check<Owner: ConfigurationOwner>(_ rows: [any ConfigurationRow<Owner>]) {
            for row in rows {
                let key = row.description
                var owner = Owner.defaults
                if let value = row.value(in: owner) {
                    #expect(row.set(value, in: &owner) == [], "\(key.name)")
                    #expect(row.isEqual(owner, .defaults), "\(key.name)")
                }
                guard let range = key.range else { continue }
                let isDuration = key.type == .duration
                func value(_ number: Int64) -> ConfigurationValue {
                    isDuration ? .string(GoDuration(nanoseconds: number).description) : .integer(number)
                }
                #expect(row.set(value(range.lowerBound), in: &owner) == [], "\(key.name)")
                #expect(row.rangeProblem(in: owner) == nil, "\(key.name)")
                _ = row.set(value(-1), in: &owner)
                #expect(!row.isEqual(owner, .defaults), "\(key.name)")
                #expect(row.rangeProblem(in: owner) != nil, "\(key.name)")
            }
        }
        check(ApplicationKeys.rows)
        check(ServerKeys.rows)
        check(TLSKeys.rows)
        check(CertificateKeys.rows)
        check(GatewayKeys.rows)
    }

    @Test func embeddedDefaultStoresMailOnLoopback() {
        let loader = ConfigurationLoader(hostName: "host.test")
        let report = loader.load(from: .embeddedDefault)
        var expected = DaemonConfiguration.embeddedDefault(hostName: "host.test")
        #expect(expected.allowedHosts == ["host.test", "localhost"])
        #expect(expected.logLevel == .info)
        #expect(expected.logFile == .standardError)
        #expect(expected.pidFile == nil)
        #expect(expected.backend.saveProcess == "HeadersParser|Header|sqlite")
        #expect(expected.servers.map(\.listenInterface.description) == ["127.0.0.1:2525"])
        expected.backend.values["log_received_mails"] = true
        #expect(report.configuration == expected)
        #expect(report.problems.isEmpty && report.warnings.isEmpty)
        #expect(DaemonConfiguration.embeddedDefault(hostName: "localhost").allowedHosts == ["localhost"])
    }

    // MARK: Values

    @Test func everyEffectiveKeyIsRead() throws {
        let report = load(
            """
            {
                "allowed_hosts": ["a.test", "*.b.test"], "pid_file": "/run/g.pid", "log_file": "/var/log/g.log", "log_level": "Warning",
                "event_loops": 2, "max_message_memory": 1073741824, "min_free_space": 0, "shutdown_timeout": 5,
                "certificate_check_interval": 0,
                "backend_config": {
                    "save_process": "HeadersParser|Header", "validate_process": "debugger", "gw_save_timeout": "1m", "gw_val_rcpt_timeout": "250ms",
                    "primary_mail_host": "mail.test", "log_received_mails": false
                },
                "servers": [{
                    "is_enabled": true, "host_name": "mx.test", "listen_interface": "[::1]:25", "max_size": 1000, "timeout": 1,
                    "max_clients": 2, "max_recipients": 3, "max_messages_per_session": 4, "max_command_line": 512, "data_overrun": 6,
                    "max_bad_commands": 7, "command_timeout": 8, "data_timeout": 9, "message_timeout": 10, "session_timeout": 11,
                    "max_idle_commands": 12, "greeting_delay": 13, "min_data_rate": 16, "max_clients_per_address": 14, "connection_rate_per_address": 15,
                    "limit_exempt_networks": ["192.0.2.0/24", "2001:db8::1"]
                }]
            }
            """
        )
        #expect(report.problems.isEmpty)
        #expect(report.warnings.isEmpty)
        let configuration = try #require(report.configuration)
        #expect(configuration.allowedHosts == ["a.test", "*.b.test"])
        #expect(configuration.pidFile == "/run/g.pid")
        #expect(configuration.logFile == .file("/var/log/g.log"))
        #expect(configuration.logLevel == .warn)
        #expect(configuration.eventLoops == 2)
        #expect(configuration.maximumMessageMemory == 1_073_741_824)
        #expect(configuration.minimumFreeSpace == 0)
        #expect(configuration.shutdownTimeout == .seconds(5))
        #expect(configuration.certificateCheckInterval == .zero)
        #expect(configuration.backend.saveProcess == "HeadersParser|Header")
        #expect(configuration.backend.validateProcess == "debugger")
        #expect(configuration.backend.saveTimeout == .seconds(60))
        #expect(configuration.backend.validateTimeout == .milliseconds(250))
        #expect(configuration.backend.primaryMailHost == "mail.test")
        var expected = ServerConfiguration(listenInterface: ListenInterface(host: "::1", port: 25), hostName: "mx.test")
        expected.limits.messageSize = 1000
        expected.connection.timeout = .seconds(1)
        expected.connection.maximumClients = 2
        expected.limits.recipients = 3
        expected.limits.messages = 4
        expected.limits.commandLine = 512
        expected.limits.dataOverrun = 6
        expected.limits.badCommands = 7
        expected.connection.commandTimeout = .seconds(8)
        expected.connection.dataTimeout = .seconds(9)
        expected.connection.messageTimeout = .seconds(10)
        expected.connection.sessionTimeout = .seconds(11)
        expected.limits.idleCommands = 12
        expected.connection.greetingDelay = .seconds(13)
        expected.connection.minimumDataRate = 16
        expected.connection.maximumClientsPerAddress = 14
        expected.connection.connectionRatePerAddress = 15
        expected.connection.limitExemptNetworks = [
            try IPNetwork(parsing: "192.0.2.0/24"), try IPNetwork(parsing: "2001:db8::1/128"),
        ]
        #expect(configuration.servers == [expected])
    }

    @Test func networksThatAreNoneAreNamed() {
        let report = load(server(#""limit_exempt_networks":["192.0.2.0/24","192.0.2.1/24","localhost"]"#))
        #expect(
            report.problemTexts == [
                "servers[0].limit_exempt_networks[1]: \"192.0.2.1/24\": the address has bits after the prefix; the network is"
                    + " 192.0.2.0/24 (line 1)",
                "servers[0].limit_exempt_networks[2]: \"localhost\": not an IP address or network such as 192.0.2.0/24 or"
                    + " 2001:db8::/32 (line 1)",
            ]
        )
    }

    @Test func zeroMeansTheDefaultForNumbers() throws {
        let zeros = ServerKeys.all.filter(\.zeroMeansDefault).map { "\"\($0.name)\":0" }.joined(separator: ",")
        let report = load(server(zeros))
        #expect(report.problems.isEmpty && report.warnings.isEmpty)
        #expect(report.configuration?.servers.first == ServerConfiguration(hostName: "host.test"))
        #expect(
            load(#"{"event_loops":0,"max_message_memory":0,"shutdown_timeout":0}"#).configuration
                == load("{}").configuration
        )
    }

    @Test func largestSizesDoNotOverflow() throws {
        let report = load(server(#""max_size":9223372036854775807"#))
        let server = try #require(report.configuration?.servers.first)
        #expect(server.limits.messageSize == .max)
        #expect(server.limits.dataOverrun == .max)
    }

    @Test(arguments: [(1, 1_024_000), (341_333, 1_024_000), (341_334, 1_024_002), (0, 31_457_280)])
    func overrunIsTheLargerOfAMegabyteAndThreeTimesTheSize(_ size: Int, _ overrun: Int) {
        #expect(load(server("\"max_size\":\(size)")).configuration?.servers.first?.limits.dataOverrun == overrun)
    }

    @Test func timeoutsFollowTheTimeoutUnlessSet() {
        let server = load(server(#""timeout":7,"data_timeout":9"#)).configuration?.servers.first
        #expect(server?.connection.commandTimeout == .seconds(7))
        #expect(server?.connection.dataTimeout == .seconds(9))
    }

    @Test(arguments: [
        ("panic", LogLevel.panic), ("fatal", .fatal), ("error", .error), ("warn", .warn), ("warning", .warn),
        ("INFO", .info),
        ("debug", .debug), ("trace", .trace),
    ])
    func logLevelsHaveGoGuerrillasNames(_ text: String, _ level: LogLevel) {
        #expect(load("{\"log_level\":\"\(text)\"}").configuration?.logLevel == level)
    }

    @Test(arguments: [("text", .text), ("json", .json), ("JSON", .json), ("", .text)] as [(String, LogFormat)])
    func logFormatsMayBeWrittenInAnyCase(_ text: String, _ format: LogFormat) {
        #expect(load("{\"log_format\":\"\(text)\"}").configuration?.logFormat == format)
    }

    @Test(arguments: [
        ("stderr", LogDestination.standardError), ("stdout", .standardOutput), ("off", .off),
        ("/dev/stdout", .file("/dev/stdout")),
    ])
    func logDestinations(_ text: String, _ destination: LogDestination) {
        #expect(load("{\"log_file\":\"\(text)\"}").configuration?.logFile == destination)
        #expect(destination.description == text)
    }

    // MARK: Case

    @Test func keysAreCaseInsensitiveButForBackendConfig() {
        let report = load(
            #"""
            {"Allowed_Hosts":["a.test"],"LOG_LEVEL":"info","Backend_Config":{"Save_Process":"x"},
             "Servers":[{"IS_ENABLED":true,"Listen_Interface":":25","Max_Size":1,"TLS":{"Start_TLS_On":true}}]}
            """#
        )
        let configuration = report.configuration
        #expect(configuration?.allowedHosts == ["a.test"])
        #expect(configuration?.logLevel == .info)
        #expect(configuration?.servers.first?.limits.messageSize == 1)
        #expect(configuration?.servers.first?.tls.isStartTLSOn == true)
        #expect(configuration?.backend.saveProcess == "HeadersParser|Header|Debugger")
        #expect(
            report.warningTexts == [
                "backend_config.Save_Process: unknown key `Save_Process`; did you mean `save_process`? (line 1)"
            ]
        )
    }

    // MARK: Problems

    @Test func allProblemsAreReportedAtOnceWithTheirPaths() {
        let report = load(
            """
            {
                "allowed_hosts": ["a.test", 1, null],
                "pid_file": true,
                "log_level": "loud",
                "event_loops": 2000,
                "servers": [
                    {"is_enabled": 1, "listen_interface": "nowhere", "max_size": "1M", "timeout": -1, "max_clients": 1.5},
                    "server",
                    {"is_enabled": true, "tls": {"protocols": "tls1.3"}},
                    {"listen_interface": ":25", "host_name": "mx test", "tls": []}
                ],
                "backend_config": {
                    "save_process": ["Debugger"], "primary_mail_host": "a\\r\\nb", "log_received_mails": "yes"
                }
            }
            """
        )
        #expect(report.configuration == nil)
        let expected: Set = [
            #"allowed_hosts[1]: expected a string, found the number 1 (line 2)"#,
            #"allowed_hosts[2]: expected a string, found null (line 2)"#,
            #"servers[1]: expected an object, found the string "server" (line 6)"#,
            #"pid_file: expected a string, found true (line 3)"#,
            #"log_level: "loud" is not one of "panic", "fatal", "error", "warn", "warning", "info", "debug", "trace" (line 4)"#,
            #"event_loops: 2000 is out of range; use 1 to 1024, or 0 for the default (line 5)"#,
            #"servers[0].is_enabled: expected true or false, found the number 1 (line 7)"#,
            #"servers[0].max_size: expected a whole number of octets, found the string "1M" (line 7)"#,
            #"servers[0].timeout: -1 is out of range; use 1 to 31536000, or 0 for the default (line 7)"#,
            #"servers[0].max_clients: expected a whole number, found the number 1.5 (line 7)"#,
            #"servers[0].listen_interface: expected address:port, such as 127.0.0.1:25, [::1]:25 or :25, found "nowhere" (line 7)"#,
            #"servers[2].tls.protocols: expected a list of strings, found the string "tls1.3" (line 9)"#,
            #"servers[2].listen_interface: listen interface not specified for server at index 2 (line 9)"#,
            #"servers[3].tls: expected an object, found a list (line 10)"#,
            #"servers[3].host_name: a host name holds no spaces or control characters, found "mx test" (line 10)"#,
            #"backend_config.save_process: expected a string, found a list (line 13)"#,
            #"backend_config.primary_mail_host: a host name holds no spaces or control characters, found "a\u{d}\u{a}b" (line 13)"#,
            #"backend_config.log_received_mails: expected true or false, found the string "yes" (line 13)"#,
        ]
        #expect(Set(report.problemTexts) == expected)
        #expect(report.problems.count == expected.count)
    }

    @Test(arguments: ["[]", "3", "null", "\"x\""])
    func fileMustBeAnObject(_ text: String) {
        let report = load(text)
        #expect(report.problems.map(\.message).first?.hasPrefix("the configuration must be an object, found") == true)
        #expect(report.problems.count == 1)
    }

    @Test func malformedFileIsOneProblem() {
        #expect(
            load("{\n\"a\" 1}").problemTexts == [
                "could not parse config file test.conf: line 2, column 5: expected a colon after the key"
            ]
        )
    }

    @Test func unknownProcessorsAreNamedWithTheKnownOnes() {
        #expect(
            load(#"{"backend_config":{"save_process":"Header|Nonesuch"}}"#).problemTexts == [
                "backend_config.save_process: processor [Nonesuch] not found; "
                    + "known processors: \(ProcessorRegistry.standard.all.map(\.name).joined(separator: ", "))"
            ]
        )
    }

    @Test func missingFileIsOneProblem() {
        let report = ConfigurationLoader(hostName: "a").load(from: .file("/nonexistent/g.conf"))
        #expect(report.problemTexts == ["could not read config file /nonexistent/g.conf: No such file or directory"])
        #expect(report.configuration == nil)
        #expect(ConfigurationLoader(hostName: "a").load(from: .file("/")).problems.count == 1)
    }

    @Test func noEnabledServerIsAProblem() {
        let report = load(#"{"servers":[{"listen_interface":":25"},{"is_enabled":false,"listen_interface":":26"}]}"#)
        #expect(
            report.problemTexts == ["servers: there are no servers that can start, please check your config (line 1)"]
        )
    }

    @Test func noEnabledServerIsReportedNextToOtherProblems() {
        let report = load(#"{"pid_file":1,"servers":[{"listen_interface":":25"}]}"#)
        #expect(report.problems.map(\.keyPath) == ["pid_file", "servers"])
    }

    // MARK: Front ends

    @Test func frontEndsAreTrustedByNetwork() throws {
        let text = #""proxyon":true,"xclient_on":true,"proxy_timeout":7,"trusted_networks":["192.0.2.0/24","::1"]"#
        let report = load(server(text))
        let server = try #require(report.configuration?.servers.first)
        #expect(report.warnings.isEmpty)
        #expect(
            server.connection.isProxyOn && server.connection.isXCLIENTOn
                && server.connection.proxyTimeout == .seconds(7)
        )
        #expect(server.connection.trustedNetworks.map(\.description) == ["192.0.2.0/24", "::1/128"])
    }

    @Test func withoutTheKeyLoopbackIsTrustedAndAnEmptyListTrustsNobody() {
        let loaded = load(server(#""max_size":1000"#)).configuration?.servers.first
        #expect(loaded?.connection.trustedNetworks == IPNetwork.loopback)
        #expect(loaded?.connection.isProxyOn == false && loaded?.connection.isXCLIENTOn == false)
        #expect(load(server(#""trusted_networks":[]"#)).configuration?.servers.first?.connection.trustedNetworks == [])
    }

    @Test func everyNetworkThatIsNoneIsNamed() {
        let report = load(server(#""trusted_networks":["10.0.0.0/8","10.0.0.1/8","::/129","nginx"]"#))
        #expect(
            report.problemTexts == [
                #"servers[0].trusted_networks[1]: "10.0.0.1/8": the address has bits after the prefix; the network is 10.0.0.0/8 (line 1)"#,
                #"servers[0].trusted_networks[2]: "::/129": the prefix length is a number from 0 to 128 (line 1)"#,
                #"servers[0].trusted_networks[3]: "nginx": not an IP address or network such as 192.0.2.0/24 or 2001:db8::/32 (line 1)"#,
            ]
        )
        #expect(report.configuration == nil)
    }

    // MARK: Warnings

    @Test(arguments: [
        (#"{"alowed_hosts":[]}"#, "alowed_hosts: unknown key `alowed_hosts`; did you mean `allowed_hosts`? (line 1)"),
        (#"{"max_size":1}"#, "max_size: unknown key `max_size`; it belongs in an element of `servers` (line 1)"),
        (#"{"dashboard":{}}"#, "dashboard: unknown key `dashboard` (line 1)"),
        (#"{"a\u0007b":1}"#, #"a\u{7}b: unknown key `a\u{7}b` (line 1)"#),
        (
            server(#""max_cleints":5"#),
            "servers[0].max_cleints: unknown key `max_cleints`; did you mean `max_clients`? (line 1)"
        ),
        (server(#""proxy_on":true"#), "servers[0].proxy_on: unknown key `proxy_on`; did you mean `proxyon`? (line 1)"),
        (
            server(#""ciphers":[]"#),
            "servers[0].ciphers: unknown key `ciphers`; it belongs in the `tls` of a server (line 1)"
        ),
        (server(#""tls":{"curve":[]}"#), "servers[0].tls.curve: unknown key `curve`; did you mean `curves`? (line 1)"),
        (
            #"{"backend_config":{"sqlite_pth":"x"}}"#,
            "backend_config.sqlite_pth: unknown key `sqlite_pth`; did you mean `sqlite_path`? (line 1)"
        ),
    ])
    func unknownKeysGiveAWarningWithASuggestion(_ text: String, _ warning: String) {
        let report = load(text)
        #expect(report.warningTexts == [warning])
        #expect(report.configuration != nil)
    }

    @Test(arguments: [
        (
            #"{"backend_name":"guerrilla-db-redis"}"#,
            "backend_name: this old key does nothing; name the processors in `save_process` of `backend_config` (line 1)"
        ),
        (
            server(#""tls_always_on":true"#),
            "servers[0].tls_always_on: this old key does nothing; move it into `tls` (line 1)"
        ),
        (
            server(#""Private_Key_File":"x"# + "\""),
            "servers[0].private_key_file: this old key does nothing; move it into `tls` (line 1)"
        ),
        (
            #"{"backend_config":{"mysql_db":"x"}}"#,
            "backend_config.mysql_db: this old key does nothing; write `sql_driver` and `sql_dsn` (line 1)"
        ),
        (
            #"{"backend_config":{"process_stack":"x"}}"#,
            "backend_config.process_stack: this old key does nothing; write `save_process` (line 1)"
        ),
        (
            #"{"backend_config":{"validate_processors":1}}"#,
            "backend_config.validate_processors: this old key does nothing; write `validate_process` (line 1)"
        ),
    ])
    func oldKeysGiveAWarningNamingTheModernForm(_ text: String, _ warning: String) {
        #expect(load(text).warningTexts == [warning])
        #expect(load(text).problems.isEmpty)
    }

    @Test func keysThatDoNothingYetGiveAWarning() {
        let key = ConfigurationKey("later", .string, isEffective: false, summary: "")
        let report = load(#"{"backend_config":{"later":"x"}}"#, processors: [.init("Later", keys: [key])])
        #expect(
            report.warningTexts == ["backend_config.later: this key is understood but not effective yet (line 1)"]
        )
        #expect(report.problems.isEmpty)
    }

    /// Those of `spf`, `dkim` and `s3` among them.
    @Test func keysOfProcessorsThatThereAreNotAreUnknown() {
        let report = load(#"{"backend_config":{"s3_region":"eu"}}"#)
        #expect(report.warningTexts == ["backend_config.s3_region: unknown key `s3_region` (line 1)"])
        #expect(report.problems.isEmpty)
    }

    @Test(arguments: [
        #"{"log_format":"text"}"#, server(#""greeting_delay":0,"max_header_size":0"#),
    ])
    func keysThatDoNothingYetMayHaveTheirDefault(_ text: String) {
        #expect(load(text).warnings.isEmpty)
    }

    @Test func repeatedKeysGiveAWarningAndTheLastCounts() {
        let report = load("{\"log_level\":\"info\",\n\"LOG_LEVEL\":\"error\",\"backend_config\":{\"x\":1,\"x\":2}}")
        #expect(report.configuration?.logLevel == .error)
        #expect(report.warningTexts.first == "log_level: set twice, in line 1 and line 2; the last one counts (line 2)")
        #expect(report.configuration?.backend.values["x"] == 2)
    }

    @Test func laterServerOnTheSameInterfaceIsDropped() {
        let report = load(
            #"""
            {"servers":[{"is_enabled":true,"listen_interface":"127.0.0.1:25","max_size":1},
            {"is_enabled":true,"listen_interface":"127.0.0.1:25","max_size":2},{"listen_interface":"127.0.0.1:26"}]}
            """#
        )
        #expect(report.configuration?.servers.map(\.limits.messageSize) == [1, 10_485_760])
        #expect(
            report.warningTexts == [
                "servers[1].listen_interface: an earlier server has the same interface 127.0.0.1:25; this one is dropped (line 2)"
            ]
        )
    }

    // MARK: Sample

    @Test func everyKeyOfTheSampleIsEffective() throws {
        let report = ConfigurationLoader(hostName: "host.test").load(
            from: .file(repositoryPath("goguerrilla.conf.sample"))
        )
        #expect(report.problems.isEmpty)
        #expect(report.warnings.isEmpty)
        let configuration = try #require(report.configuration)
        #expect(configuration.servers.map(\.listenInterface.description) == ["127.0.0.1:2525", "127.0.0.1:4465"])
        #expect(configuration.servers.map(\.isEnabled) == [true, false])
        #expect(configuration.pidFile == "/var/run/go-guerrilla.pid")
        #expect(configuration.backend.values["log_received_mails"] == true)
        #expect(configuration.backend.validateTimeout == .seconds(3))
    }
}
