import GuerrillaBackend
import Testing

struct ProcessorConfigurationTests {
    enum Mode: String, Sendable, CaseIterable {
        case keep
        case reject
    }

    struct Settings: ProcessorSettings {
        var path = "mail.db"
        var name: String?
        var password: Secret?
        var count: Int?
        var size = 4096
        var expiry: Duration?
        var timeout: Duration = .seconds(5)
        var isOn: Bool?
        var hosts: [String]?
        var mode = Mode.keep

        static let path: Key<Settings, String> = Key("test_path", \.path, .text, summary: "")
        static let name: Key<Settings, String?> = Key("test_name", \.name, .optional(.text), summary: "")
        static let password: Key<Settings, Secret?> = Key(
            "test_password",
            \.password,
            .optional(.secret),
            isSecret: true,
            summary: ""
        )
        static let count: Key<Settings, Int?> = Key(
            "test_count",
            \.count,
            .optional(.integer),
            range: 1...10,
            zeroMeansDefault: true,
            summary: ""
        )
        static let size: Key<Settings, Int> = Key("test_size", \.size, .octets, summary: "")
        static let expiry: Key<Settings, Duration?> = Key("test_expiry", \.expiry, .optional(.seconds), summary: "")
        static let timeout: Key<Settings, Duration> = Key(
            "test_timeout",
            \.timeout,
            .duration,
            range: 0...60_000_000_000,
            summary: ""
        )
        static let isOn: Key<Settings, Bool?> = Key("test_on", \.isOn, .optional(.bool), summary: "")
        static let hosts: Key<Settings, [String]?> = Key("test_hosts", \.hosts, .optional(.texts), summary: "")
        static let mode: Key<Settings, Mode> = Key("test_mode", \.mode, .choice, summary: "")

        static let defaults = Settings()
        static let rows: [any ConfigurationRow<Settings>] = [
            path, name, password, count, size, expiry, timeout, isOn, hosts, mode,
        ]
    }

    /// What must be there, and what may be wrong.
    struct Strict: ProcessorSettings {
        var name = ""
        var count = 0
        var patience: Duration = .seconds(5)

        static let name: Key<Strict, String> = Key("test_name", \.name, .text, isRequired: true, summary: "")
        static let count: Key<Strict, Int> = Key("test_count", \.count, .integer, isRequired: true, summary: "")
        static let patience: Key<Strict, Duration> = Key(
            "test_timeout",
            \.patience,
            .duration,
            usesDefaultWhenWrong: true,
            summary: ""
        )

        static let defaults = Strict()
        static let rows: [any ConfigurationRow<Strict>] = [name, count, patience]
    }

    private func settings(_ values: ConfigurationObject) throws -> Settings {
        try ProcessorConfiguration(values: values).settings()
    }

    private func message(_ values: ConfigurationObject) -> String? {
        do {
            _ = try self.settings(values)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func readsEveryType() throws {
        let settings = try self.settings([
            "test_path": "x.db", "test_count": 3, "test_size": .double(1e6), "test_expiry": 90, "test_timeout": "1m",
            "test_on": true, "test_hosts": ["a", "b"], "test_mode": "REJECT", "test_password": "p", "test_name": "",
        ])
        #expect(settings.path == "x.db")
        #expect(settings.count == 3)
        #expect(settings.size == 1_000_000)
        #expect(settings.expiry == .seconds(90))
        #expect(settings.timeout == .seconds(60))
        #expect(settings.isOn == true)
        #expect(settings.hosts == ["a", "b"])
        #expect(settings.mode == .reject)
        #expect(settings.password?.reveal() == "p")
        #expect(settings.name == "")
    }

    @Test(arguments: [[:], ["test_path": .null, "test_timeout": .null]] as [ConfigurationObject])
    func missingKeysHaveTheirDefault(_ values: ConfigurationObject) throws {
        let settings = try self.settings(values)
        #expect(settings.path == "mail.db")
        #expect(settings.size == 4096)
        #expect(settings.timeout == .seconds(5))
        #expect(settings.name == nil)
        #expect(settings.isOn == nil)
        #expect(settings.hosts == nil)
    }

    @Test func zeroMeansDefaultWhereTheKeySaysSo() throws {
        let settings = try self.settings(["test_count": 0, "test_size": 0])
        #expect(settings.count == nil)
        #expect(settings.size == 0)
    }

    @Test func requiredKeysMustHaveAValue() throws {
        func message(_ values: ConfigurationObject) -> String? {
            do throws(ConfigurationError) {
                _ = try ProcessorConfiguration(values: values).settings(Strict.self)
                return nil
            } catch {
                return error.description
            }
        }
        #expect(message([:]) == "backend_config.test_name: required, but not set; expected a string")
        #expect(
            message(["test_name": "a"]) == "backend_config.test_count: required, but not set; expected a whole number"
        )
        #expect(message(["test_name": "a", "test_count": 1]) == nil)
    }

    @Test(
        arguments: [
            ("test_path", 3, "expected a string, found the number 3"),
            ("test_count", 11, "11 is out of range; use 1 to 10, or 0 for the default"),
            ("test_size", "big", "expected a whole number of octets, found the string \"big\""),
            ("test_timeout", "29 sec", "expected a duration such as \"30s\" or \"1m30s\", found the string \"29 sec\""),
            ("test_timeout", "61s", "1m1s is out of range; use 0s to 1m0s"),
            ("test_on", "yes", "expected true or false, found the string \"yes\""),
            ("test_mode", "drop", "\"drop\" is not one of \"keep\", \"reject\""),
            ("test_expiry", .double(1.5), "expected a whole number of seconds, found the number 1.5"),
            ("test_password", 1234, "expected a string, found a number"),
        ] as [(String, ConfigurationValue, String)]
    )
    func errorsNameThePathTheTypeAndTheValue(_ key: String, _ value: ConfigurationValue, _ message: String) {
        #expect(self.message(ConfigurationObject([(key, value)])) == "backend_config.\(key): \(message)")
    }

    @Test func errorsNameTheElement() {
        #expect(
            self.message(["test_hosts": ["a", 1]])
                == "backend_config.test_hosts[1]: expected a string, found the number 1"
        )
        #expect(self.message(["test_name": "a\0b"])?.contains("NUL") == true)
    }

    @Test func lenientKeysFallBackToTheirDefault() throws {
        let values: ConfigurationObject = ["test_name": "a", "test_count": 1, "test_timeout": "29 sec"]
        #expect(try ProcessorConfiguration(values: values).settings(Strict.self).patience == .seconds(5))
    }

    @Test(arguments: [.infinity, -.infinity, .nan, 1e300, -1e300, 0.1] as [Double])
    func numbersThatAreNotWholeAreRefused(_ number: Double) {
        #expect(self.message(["test_size": .double(number)]) != nil)
    }

    @Test func longAndOddStringsAreCutAndEscapedInMessages() throws {
        let text = "\u{1B}[31m" + String(repeating: "x", count: 1000)
        let found = try #require(self.message(["test_on": .string(text)]))
        #expect(!found.unicodeScalars.contains("\u{1B}"))
        #expect(found.count < 200)
    }
}
