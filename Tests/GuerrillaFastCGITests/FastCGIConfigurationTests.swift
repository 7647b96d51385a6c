import GuerrillaBackend
import Logging
import Testing

@testable import GuerrillaFastCGI

struct FastCGIConfigurationTests {
    private static let required: ConfigurationObject = [
        "fcgi_script_filename_save": .string("/s.php"), "fcgi_script_filename_validate": .string("/v.php"),
        "fcgi_connection_type": .string("tcp"), "fcgi_connection_address": .string("127.0.0.1:9000"),
    ]

    private func make(
        _ changes: [String: ConfigurationValue] = [:],
        without missing: String? = nil,
        workers: Int = 1
    ) throws -> FastCGISettings {
        var values = Self.required
        for (key, value) in changes { values[key] = value }
        if let missing { values[missing] = nil }
        let processor = try FastCGIProcessor.description.make(
            ProcessorContext(
                configuration: ProcessorConfiguration(values: values),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                primaryMailHost: "x",
                saveWorkers: workers
            )
        )
        return try #require(processor as? FastCGIProcessor).settings
    }

    @Test func defaults() throws {
        #expect(try self.make() == FastCGISettings(address: .tcp(host: "127.0.0.1", port: 9_000)))
    }

    @Test func everyKeyIsRead() throws {
        let settings = try self.make([
            "fcgi_connection_type": .string("UNIX"), "fcgi_connection_address": .string("/run/php.sock"),
            "fcgi_max_connections": .integer(7), "fcgi_queue_size": .integer(8), "fcgi_idle_timeout": .string("0s"),
            "fcgi_timeout": .string("3s"), "fcgi_max_reply_size": .integer(1_024),
        ])
        var expected = FastCGISettings(address: .unix(path: "/run/php.sock"))
        expected.maximumConnections = 7
        expected.maximumQueued = 8
        expected.idleTimeout = .zero
        expected.timeout = .seconds(3)
        expected.maximumReplySize = 1_024
        #expect(settings == expected)
    }

    @Test func workersAndSaveTimeoutBoundIt() throws {
        #expect(try self.make(workers: 5).maximumConnections == 5)
        #expect(try self.make(["fcgi_timeout": .string("5m")]).timeout == .seconds(30))
    }

    @Test(arguments: [
        "fcgi_script_filename_save", "fcgi_script_filename_validate", "fcgi_connection_type", "fcgi_connection_address",
    ])
    func whatIsRequiredHasToBeThere(_ key: String) {
        #expect(throws: ConfigurationError.self) { try self.make(without: key) }
    }

    @Test func anAddressThatIsNoneIsAConfigurationError() {
        #expect(throws: ConfigurationError.self) {
            try self.make(["fcgi_connection_address": .string("/run/php.sock")])
        }
        #expect(throws: ConfigurationError.self) { try self.make(["fcgi_connection_type": .string("udp")]) }
    }
}
