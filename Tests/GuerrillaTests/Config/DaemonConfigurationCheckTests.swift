import GuerrillaBackend
import GuerrillaTestSupport
import Testing

@testable import Guerrilla

/// What is said of a configuration that was made in Swift.
struct DaemonConfigurationCheckTests {
    typealias Change = @Sendable (inout DaemonConfiguration) -> Void

    private func description(_ change: Change) -> String? {
        var configuration = DaemonConfiguration(hostName: "mx.example.com")
        change(&configuration)
        do throws(DaemonError) {
            try configuration.check(.standard)
            return nil
        } catch {
            return error.description
        }
    }

    struct OutOfRange: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: Change

        init(_ beginning: String, _ change: @escaping Change) {
            self.testDescription = beginning
            self.change = change
        }
    }

    @Test(arguments: [
        OutOfRange("event_loops: 0 is out of range; use 1 to 1024") { $0.eventLoops = 0 },
        OutOfRange("event_loops: 9223372036854775807 is out of range; use 1 to 1024") { $0.eventLoops = .max },
        OutOfRange("max_message_memory: 1 is out of range; use at least 1048576") { $0.maximumMessageMemory = 1 },
        OutOfRange("certificate_check_interval: 9.223372036854776e+18 seconds is out of range; use 0 to 86400") {
            $0.certificateCheckInterval = .seconds(Int64.max)
        },
        OutOfRange("shutdown_timeout: 86400.5 seconds is out of range; use 1 to 86400") {
            $0.shutdownTimeout = .seconds(86_400.5)
        },
        OutOfRange("shutdown_timeout: -1.0 seconds is out of range; use 1 to 86400") {
            $0.shutdownTimeout = .seconds(-1)
        },
        OutOfRange("servers[0].max_clients: -5 is out of range; use ") { $0.servers[0].connection.maximumClients = -5 },
        OutOfRange("servers[1].listen_interface: an earlier server has the same interface 127.0.0.1:2525") {
            $0.servers.append($0.servers[0])
        },
        OutOfRange(
            "backend_config.gw_save_timeout: 9.223372036854776e+18 seconds is out of range; use 1ns to 8760h0m0s"
        ) {
            $0.backend.saveTimeout = .seconds(Int64.max)
        },
        OutOfRange("backend_config.save_workers_size: 0 is out of range; use 1 to 1024") {
            $0.backend.saveWorkersSize = 0
        },
        OutOfRange("event_loops: -1 is out of range; use 1 to 1024; backend_config.save_workers_size: 0 is ") {
            $0.eventLoops = -1
            $0.backend.saveWorkersSize = 0
        },
    ])
    func valueOutOfRangeIsNamed(_ value: OutOfRange) {
        let description = self.description(value.change)
        #expect(description?.hasPrefix(value.testDescription) == true, "\(description ?? "nothing")")
    }

    @Test(
        arguments: [
            { _ in },
            { $0 = .embeddedDefault(hostName: "mx.example.com") },
            { $0.shutdownTimeout = .zero },
            { $0.servers[0].connection.timeout = .milliseconds(1) },
            { $0.servers[0].limits.messageSize = .max },
            { $0.certificateCheckInterval = .zero },
            { $0.minimumFreeSpace = 0 },
            { $0.servers = [] },
            { configuration in
                configuration.servers.append(configuration.servers[0])
                configuration.servers[1].isEnabled = false
            },
            { configuration in
                configuration.servers[0].listenInterface = ListenInterface(host: "127.0.0.1", port: 0)
                configuration.servers.append(configuration.servers[0])
            },
        ] as [Change]
    )
    func nothingIsSaidOfTheRest(_ change: Change) {
        #expect(self.description(change) == nil)
    }

    @Test func neitherAStartNorAReloadGoesOnWithIt() async throws {
        let fixture = DaemonFixture()
        var configuration = fixture.configuration()
        configuration.certificateCheckInterval = .seconds(Int64.max)
        let stopped = Daemon(configuration: configuration)
        let error = await #expect(throws: DaemonError.self) { try await stopped.start() }
        #expect(error?.description.hasPrefix("certificate_check_interval: ") == true)
        #expect(fixture.directory.contents.isEmpty)

        let daemon = Daemon(configuration: fixture.configuration())
        try await daemon.start()
        await #expect(throws: DaemonError.self) { try await daemon.reloadConfig(configuration) }
        #expect(await daemon.configuration.certificateCheckInterval == .seconds(60))
        #expect(await daemon.shutdown())
    }
}
