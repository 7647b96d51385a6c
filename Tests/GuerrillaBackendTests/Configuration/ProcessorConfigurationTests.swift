import GuerrillaBackend
import Testing

struct ProcessorConfigurationTests {
    private let path = ConfigurationKey("test_path", .string, default: .string("mail.db"), summary: "")
    private let name = ConfigurationKey("test_name", .string, summary: "")
    private let password = ConfigurationKey("test_password", .string, isSecret: true, summary: "")
    private let count = ConfigurationKey("test_count", .integer, range: 1...10, zeroMeansDefault: true, summary: "")
    private let size = ConfigurationKey("test_size", .octets, default: .integer(4096), summary: "")
    private let expiry = ConfigurationKey("test_expiry", .seconds, summary: "")
    private let timeout = ConfigurationKey(
        "test_timeout",
        .duration,
        default: .string("5s"),
        range: 0...60_000_000_000,
        summary: ""
    )
    private let isOn = ConfigurationKey("test_on", .bool, summary: "")
    private let hosts = ConfigurationKey("test_hosts", .stringList, summary: "")
    private let mode = ConfigurationKey(
        "test_mode",
        .string,
        default: .string("keep"),
        allowedValues: ["keep", "reject"],
        summary: ""
    )

    private func message(_ body: () throws -> some Any) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func readsEveryType() throws {
        let configuration = ProcessorConfiguration(values: [
            "test_path": "x.db", "test_count": 3, "test_size": .double(1e6), "test_expiry": 90, "test_timeout": "1m",
            "test_on": true, "test_hosts": ["a", "b"], "test_mode": "REJECT", "test_password": "p",
        ])
        #expect(try configuration.string(path) == "x.db")
        #expect(try configuration.integer(count) == 3)
        #expect(try configuration.integer(size) == 1_000_000)
        #expect(try configuration.integer(expiry) == 90)
        #expect(try configuration.duration(expiry) == .seconds(90))
        #expect(try configuration.duration(timeout) == .seconds(60))
        #expect(try configuration.bool(isOn) == true)
        #expect(try configuration.stringList(hosts) == ["a", "b"])
        #expect(try configuration.string(mode) == "reject")
        #expect(try configuration.secret(password)?.reveal() == "p")
    }

    @Test func missingKeysHaveTheirDefault() throws {
        for configuration in [
            ProcessorConfiguration(), ProcessorConfiguration(values: ["test_path": .null, "test_timeout": .null]),
        ] {
            #expect(try configuration.string(path) == "mail.db")
            #expect(try configuration.requiredString(path) == "mail.db")
            #expect(try configuration.integer(size) == 4096)
            #expect(try configuration.requiredDuration(timeout) == .seconds(5))
            #expect(try configuration.string(name) == nil)
            #expect(try configuration.bool(isOn) == nil)
            #expect(try configuration.stringList(hosts) == nil)
        }
    }

    @Test func zeroMeansDefaultWhereTheKeySaysSo() throws {
        let configuration = ProcessorConfiguration(values: ["test_count": 0, "test_size": 0])
        #expect(try configuration.integer(count) == nil)
        #expect(try configuration.integer(size) == 0)
    }

    @Test func requiredKeysMustHaveAValue() {
        let configuration = ProcessorConfiguration()
        #expect(
            message { try configuration.requiredString(name) }
                == "backend_config.test_name: required, but not set; expected a string"
        )
        #expect(
            message { try configuration.requiredBool(isOn) }
                == "backend_config.test_on: required, but not set; expected true or false"
        )
        #expect(message { try configuration.requiredInteger(count) } != nil)
        #expect(message { try configuration.requiredStringList(hosts) } != nil)
        #expect(message { try configuration.requiredSecret(password) } != nil)
    }

    @Test func errorsNameThePathTheTypeAndTheValue() {
        let configuration = ProcessorConfiguration(values: [
            "test_path": 3, "test_name": "a\0b", "test_count": 11, "test_size": "big", "test_timeout": "29 sec",
            "test_on": "yes",
            "test_hosts": ["a", 1], "test_mode": "drop", "test_expiry": .double(1.5), "test_password": 1234,
        ])
        #expect(
            message { try configuration.string(path) }
                == "backend_config.test_path: expected a string, found the number 3"
        )
        #expect(message { try configuration.string(name) }?.contains("NUL") == true)
        #expect(
            message { try configuration.integer(count) }
                == "backend_config.test_count: 11 is out of range; use 1 to 10, or 0 for the default"
        )
        #expect(
            message { try configuration.integer(size) }
                == "backend_config.test_size: expected a whole number of octets, found the string \"big\""
        )
        #expect(message { try configuration.duration(timeout) }?.contains("such as \"30s\"") == true)
        #expect(
            message { try configuration.bool(isOn) }
                == "backend_config.test_on: expected true or false, found the string \"yes\""
        )
        #expect(
            message { try configuration.stringList(hosts) }
                == "backend_config.test_hosts[1]: expected a string, found the number 1"
        )
        #expect(
            message { try configuration.string(mode) }
                == "backend_config.test_mode: \"drop\" is not one of \"keep\", \"reject\""
        )
        #expect(message { try configuration.duration(expiry) }?.contains("found the number 1.5") == true)
        #expect(
            message { try configuration.secret(password) }
                == "backend_config.test_password: expected a string, found a number"
        )
    }

    @Test func durationsHaveARange() {
        let configuration = ProcessorConfiguration(values: ["test_timeout": "61s"])
        #expect(
            message { try configuration.duration(timeout) }
                == "backend_config.test_timeout: 1m1s is out of range; use 0s to 1m0s"
        )
    }

    @Test func environmentComesBeforeTheFile() throws {
        let prefix = ProcessorConfiguration.environmentPrefix
        let configuration = ProcessorConfiguration(
            values: ["test_path": "file.db", "test_count": 3, "test_mode": "reject"],
            environment: [
                prefix + "TEST_PATH": "env.db", prefix + "TEST_COUNT": "7", prefix + "TEST_ON": "TRUE",
                prefix + "TEST_TIMEOUT": "1s",
                prefix + "TEST_HOSTS": "a, b,", prefix + "TEST_MODE": "", prefix + "TEST_SIZE": "12k",
                prefix + "test_name": "no",
            ]
        )
        #expect(try configuration.string(path) == "env.db")
        #expect(try configuration.integer(count) == 7)
        #expect(try configuration.bool(isOn) == true)
        #expect(try configuration.duration(timeout) == .seconds(1))
        #expect(try configuration.stringList(hosts) == ["a", "b"])
        #expect(try configuration.string(mode) == "reject")
        #expect(try configuration.string(name) == nil)
        #expect(
            message { try configuration.integer(size) }
                == "GUERRILLA_BACKEND_CONFIG_TEST_SIZE: expected a whole number of octets, found the string \"12k\""
        )
    }

    @Test func lenientKeysFallBackToTheirDefault() throws {
        var key = timeout
        key.usesDefaultWhenWrong = true
        #expect(try ProcessorConfiguration(values: ["test_timeout": "29 sec"]).duration(key) == .seconds(5))
    }

    @Test func readingAKeyAsAnotherTypeIsAnError() {
        #expect(message { try ProcessorConfiguration().integer(path) } != nil)
    }

    @Test(arguments: [.infinity, -.infinity, .nan, 1e300, -1e300, 0.1] as [Double])
    func numbersThatAreNotWholeAreRefused(_ number: Double) {
        let configuration = ProcessorConfiguration(values: ["test_size": .double(number)])
        #expect(message { try configuration.integer(size) } != nil)
    }

    @Test func longAndOddStringsAreCutAndEscapedInMessages() throws {
        let text = "\u{1B}[31m" + String(repeating: "x", count: 1000)
        let found = try #require(message { try ProcessorConfiguration(values: ["test_on": .string(text)]).bool(isOn) })
        #expect(!found.unicodeScalars.contains("\u{1B}"))
        #expect(found.count < 200)
    }
}
