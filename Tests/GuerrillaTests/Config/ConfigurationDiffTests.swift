import GuerrillaBackend
import GuerrillaServer
import Testing

@testable import Guerrilla

struct ConfigurationDiffTests {
    private static let base: DaemonConfiguration = {
        var configuration = DaemonConfiguration(hostName: "mx.example.com")
        configuration.servers = [Self.server(25), Self.server(465)]
        return configuration
    }()

    private static func server(_ port: Int) -> ServerConfiguration {
        ServerConfiguration(listenInterface: ListenInterface(host: "127.0.0.1", port: port), hostName: "mx.example.com")
    }

    private func topics(_ change: (inout DaemonConfiguration) -> Void) -> [String] {
        var new = Self.base
        change(&new)
        return ConfigurationDiff(from: Self.base, to: new).events.map(\.topic.rawValue)
    }

    /// go-guerrilla says this of every server that is in both, changed or not.
    private let reopened = ["server_change:reopen_log_file", "server_change:reopen_log_file"]

    @Test func nothingChangesNothing() {
        let diff = ConfigurationDiff(from: Self.base, to: Self.base)
        #expect(diff.isEmpty)
        #expect(diff.events.map(\.topic.rawValue) == self.reopened)
        #expect(diff.keysThatNeedRestart.isEmpty)
        #expect(diff.servers.allSatisfy { $0.goesOn && !$0.starts && !$0.stops })
    }

    @Test func keysOfTheApplicationAreToldOneByOne() {
        let new = "config_change:new_config"
        #expect(
            self.topics { $0.allowedHosts = ["a.example"] } == [new, "config_change:allowed_hosts"] + self.reopened
        )
        #expect(self.topics { $0.pidFile = "/x" } == [new, "config_change:pid_file"] + self.reopened)
        #expect(self.topics { $0.logFile = .off } == [new, "config_change:log_file"] + self.reopened)
        #expect(self.topics { $0.logLevel = .error } == [new, "config_change:log_level"] + self.reopened)
        #expect(self.topics { $0.shutdownTimeout = .seconds(1) } == [new] + self.reopened)
        #expect(self.topics { $0.minimumFreeSpace = 1 } == [new] + self.reopened)
        #expect(self.topics { $0.certificateCheckInterval = .zero } == [new] + self.reopened)
        #expect(
            self.topics { $0.backend.saveTimeout = .seconds(1) } == ["config_change:backend_config", new]
                + self.reopened
        )
        #expect(
            self.topics { $0.backend.values["sqlite_path"] = "x" } == ["config_change:backend_config", new]
                + self.reopened
        )
    }

    @Test func whatIsOfOneServerIsToldOfThatOne() {
        func events(_ change: (inout ServerConfiguration) -> Void) -> [String] {
            var new = Self.base
            change(&new.servers[1])
            let diff = ConfigurationDiff(from: Self.base, to: new)
            #expect(diff.events.prefix(2) == [.newConfig(new), .serverLogReopen(new.servers[0])])
            return diff.events.dropFirst(2).map { String($0.topic.rawValue.dropFirst("server_change:".count)) }
        }
        #expect(events { $0.limits.messageSize = 1 } == ["update_config", "reopen_log_file"])
        #expect(events { $0.hostName = "other.example.com" } == ["update_config", "reopen_log_file"])
        #expect(events { $0.logFile = .file("/x") } == ["update_config", "new_log_file"])
        #expect(events { $0.connection.timeout = .seconds(1) } == ["update_config", "reopen_log_file", "timeout"])
        #expect(events { $0.connection.maximumClients = 1 } == ["update_config", "reopen_log_file", "max_clients"])
        #expect(events { $0.tls.isStartTLSOn = true } == ["update_config", "reopen_log_file", "tls_config"])
        #expect(events { $0.isEnabled = false } == ["update_config", "stop_server", "reopen_log_file"])
        // go-guerrilla does the first only.
        #expect(
            events {
                $0.isEnabled = false
                $0.logFile = .off
                $0.connection.timeout = .seconds(1)
                $0.connection.maximumClients = 1
                $0.tls.isAlwaysOn = true
            } == ["update_config", "stop_server", "new_log_file", "timeout", "max_clients", "tls_config"]
        )
    }

    @Test func everythingAtOnceComesInGoGuerrillasOrder() {
        let topics = self.topics {
            $0.backend.primaryMailHost = "a.example"
            $0.allowedHosts = []
            $0.pidFile = "/x"
            $0.logFile = .off
            $0.logLevel = .error
            $0.servers[0].isEnabled = false
            $0.servers[1] = Self.server(587)
        }
        #expect(
            topics == [
                "config_change:backend_config", "config_change:new_config", "config_change:allowed_hosts",
                "config_change:pid_file", "config_change:log_file", "config_change:log_level",
                "server_change:update_config", "server_change:stop_server", "server_change:reopen_log_file",
                "server_change:new_server", "server_change:remove_server",
            ]
        )
    }

    @Test func aServerIsKnownByItsAddress() throws {
        var new = Self.base
        new.servers.swapAt(0, 1)
        #expect(ConfigurationDiff(from: Self.base, to: new).servers.allSatisfy { $0.old == $0.new })
        new.servers[0].listenInterface = ListenInterface(host: "127.0.0.1", port: 2525)
        let diff = ConfigurationDiff(from: Self.base, to: new)
        #expect(diff.servers.map(\.identifier.interface.port) == [2525, 25, 465])
        #expect(diff.servers.map(\.starts) == [true, false, false])
        #expect(diff.servers.map(\.goesOn) == [false, true, false])
        #expect(diff.servers.map(\.stops) == [false, false, true])
        #expect(diff.events.last == .serverRemove(Self.base.servers[1]))
    }

    @Test func serversOfOneAddressAreCounted() {
        var old = Self.base
        old.servers = [Self.server(0), Self.server(0), Self.server(0)]
        old.servers[1].connection.maximumClients = 1
        var new = old
        new.servers.removeLast()
        new.servers[0].connection.maximumClients = 2
        let diff = ConfigurationDiff(from: old, to: new)
        #expect(diff.servers.map(\.goesOn) == [true, true, false])
        #expect(diff.servers.map(\.old?.connection.maximumClients) == [100, 1, 100])
        #expect(diff.servers.map(\.new?.connection.maximumClients) == [2, 1, nil])
    }

    @Test func aServerThatIsNotEnabledNeitherStartsNorStops() {
        var old = Self.base
        old.servers[0].isEnabled = false
        var new = old
        new.servers[0].connection.maximumClients = 1
        new.servers[1].isEnabled = false
        new.servers.append(Self.server(587))
        new.servers[2].isEnabled = false
        let diff = ConfigurationDiff(from: old, to: new)
        #expect(diff.servers.map(\.starts) == [false, false, false])
        #expect(diff.servers.map(\.stops) == [false, true, false])
        #expect(diff.servers.map(\.goesOn) == [false, false, false])
    }

    /// A key is reloadable, or it is named: none can be forgotten.
    @Test func everyKeyIsReloadableOrNeedsARestart() {
        let table = ConfigurationTable(registry: .standard)
        let fixed = table.application.filter { !$0.isReloadable && $0.isEffective }.map(\.name)
        var new = Self.base
        new.eventLoops = 7
        new.user = "mail"
        new.group = "mail"
        #expect(ConfigurationDiff(from: Self.base, to: new).keysThatNeedRestart == fixed)
        let others = table.server + table.tls + table.certificate + table.backend
        #expect(others.filter { !$0.isReloadable }.map(\.name) == [])
    }
}
