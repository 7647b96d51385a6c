import Guerrilla
import GuerrillaBackend
import GuerrillaServer
import GuerrillaTestSupport
import Testing

struct DaemonCheckTests {
    private let fixture = DaemonFixture()

    private func check(_ change: (inout DaemonConfiguration) -> Void) -> DaemonCheck {
        var configuration = self.fixture.configuration()
        configuration.backend.saveProcess = "HeadersParser|Header|keep"
        change(&configuration)
        var registry = ProcessorRegistry.standard
        registry.register(ProcessorDescription("keep", Keeper.self) { _ in Keeper() })
        return DaemonCheck(configuration, registry: registry)
    }

    struct Keeper: Processor {
        static let capabilities: ProcessorCapabilities = [.saves, .stores]
    }

    @Test func nothingIsSaidOfAGoodConfiguration() {
        let check = self.check { _ in }
        #expect(check.errors.isEmpty)
        #expect(check.warnings.isEmpty)
    }

    @Test(arguments: ["", "HeadersParser|Header|Debugger"])
    func chainThatStoresNothingIsAWarning(_ chain: String) {
        let check = self.check { $0.backend.saveProcess = chain }
        #expect(check.errors.isEmpty)
        #expect(
            check.warnings == [
                "backend_config.save_process: no processor of save_process stores messages: mail is accepted and discarded"
            ]
        )
    }

    @Test func chainBeforeAFunctionNeedStoreNothing() {
        var configuration = self.fixture.configuration()
        configuration.backend.saveProcess = "HeadersParser"
        #expect(DaemonCheck(configuration).warnings.count == 1)
        #expect(DaemonCheck(configuration, handsMessagesOn: true).warnings.isEmpty)
    }

    @Test func valueOutOfRangeIsAnError() {
        let check = self.check { $0.shutdownTimeout = .seconds(Int64.max) }
        #expect(check.errors.count == 1)
        #expect(check.errors.first?.hasPrefix("shutdown_timeout: ") == true)
    }

    /// Names are looked up: what they stand for may be another server's.
    @Test func namesThatCannotBeListenedOnAreErrors() {
        func errors(_ interfaces: String...) -> [String] {
            self.check { configuration in
                configuration.servers = interfaces.compactMap { ListenInterface($0) }.map {
                    ServerConfiguration(listenInterface: $0, hostName: "mx.example.com")
                }
            }.errors
        }
        #expect(errors("localhost:25").isEmpty && errors("localhost:25", "127.0.0.1:26").isEmpty)
        #expect(errors("localhost:0", "127.0.0.1:0").isEmpty)
        #expect(
            errors("nonesuch.invalid:25") == [
                "servers[0].listen_interface: cannot listen on nonesuch.invalid:25: no such host: nonesuch.invalid"
            ]
        )
        for other in ["127.0.0.1:25", "[::]:25", "0.0.0.0:25", ":25"] {
            let found = errors(other, "localhost:25")
            #expect(
                found == ["servers[1].listen_interface: localhost:25 and \(other) of an earlier server are one address"]
                    || other == ":25" && found.isEmpty
            )
        }
    }

    /// The files of servers that are not enabled are not looked at.
    @Test(arguments: [true, false])
    func certificateThatIsMissingIsAnErrorWhereItIsNeeded(_ isEnabled: Bool) {
        let check = self.check {
            $0.servers[0].isEnabled = isEnabled
            $0.servers[0].tls.isStartTLSOn = true
            $0.servers[0].tls.keyPair.privateKeyFile = self.fixture.directory.path("mx.key")
            $0.servers[0].tls.keyPair.certificateFile = self.fixture.directory.path("mx.crt")
        }
        #expect(check.errors.count == (isEnabled ? 1 : 0))
        for error in check.errors {
            #expect(error.hasPrefix("servers[0].tls: cannot use TLS config for [127.0.0.1:0], "))
            #expect(error.contains("mx."))
        }
    }

    @Test(arguments: [true, false])
    func logThatNobodyCanWrite(_ isEnabled: Bool) {
        let directory = self.fixture.directory
        let check = self.check {
            $0.logFile = .file(directory.path)
            $0.servers[0].isEnabled = isEnabled
            $0.servers[0].logFile = .file(directory.path("none/log"))
        }
        let server =
            "servers[0].log_file: the directory \(directory.path("none")) does not exist; create it, or name another file than"
            + " \(directory.path("none/log"))"
        #expect(
            check.errors == ["log_file: \(directory.path) is a directory; name a file"] + (isEnabled ? [server] : [])
        )
    }

    @Test func unknownProcessorIsAnError() {
        let check = self.check { $0.backend.saveProcess = "nonesuch|keep" }
        #expect(check.errors.count == 1)
        #expect(check.errors[0].hasPrefix("backend_config: processor [nonesuch] not found; known processors: "))
    }

    @Test func wrongValueIsNamedByItsKeyOnce() {
        let check = self.check {
            $0.backend.saveProcess = "Debugger|keep"
            $0.backend.values["sleep_seconds"] = -3
        }
        #expect(check.errors == ["backend_config.sleep_seconds: -3 is out of range; use 0 to 3600"])
    }

    @Test func moreClientsThanFilesIsAnError() {
        let check = self.check { $0.wantTooManyClients() }
        #expect(check.errors.count == 1)
        #expect(check.errors[0].hasPrefix("servers: Combined max clients for all servers (2200000100) "))
    }

    @Test func serversThatAreNotEnabledDoNotCount() {
        let check = self.check {
            $0.wantTooManyClients()
            for index in $0.servers.indices { $0.servers[index].isEnabled = false }
        }
        #expect(check.errors.isEmpty)
    }

    @Test func storesOfGoGuerrillaWithoutAChoiceOfLineEndingsAreNoted() {
        for (lineEndings, count) in [(nil, 1), (.crlf, 0), (.lf, 0)] as [(StoredLineEndings?, Int)] {
            let check = self.check {
                $0.backend.saveProcess = "HeadersParser|FastCGI"
                $0.backend.storedLineEndings = lineEndings
                $0.servers[0].connection.timeout = .seconds(300)
            }
            #expect(
                check.notes.count { $0.hasPrefix("backend_config.stored_line_endings: not set; `fastcgi`") } == count
            )
        }
    }

    @Test func shorterTimeoutsThanTheStandardAsksForAreNoted() {
        let check = self.check {
            $0.servers.append($0.servers[0])
            $0.servers.append($0.servers[0])
            $0.servers[1].connection.timeout = .seconds(30)
            $0.servers[2].connection.timeout = .seconds(30)
            $0.servers[2].isEnabled = false
        }
        #expect(check.errors.isEmpty && check.warnings.isEmpty)
        #expect(
            check.notes == [
                "servers[1].timeout: 30 seconds for the next command; RFC 5321 § 4.5.3.2.7 asks for at least 300"
            ]
        )
    }

    @Test func hostThatNeverMatchesIsAWarning() {
        let check = self.check { $0.allowedHosts = ["example.com", "bad host", "[300.0.0.1]"] }
        #expect(check.errors.isEmpty)
        #expect(check.warnings.count == 2)
        #expect(check.warnings.allSatisfy { $0.hasPrefix("allowed_hosts: \"") })
    }

    @Test func everythingIsToldAtOnce() {
        let check = self.check {
            $0.backend.saveProcess = "nonesuch"
            $0.wantTooManyClients()
            $0.allowedHosts = ["bad host"]
        }
        #expect(check.errors.count == 2)
        #expect(check.warnings.count == 1)
    }

    @Test func nothingIsOpenedOrWritten() {
        _ = self.check {
            $0.backend.saveProcess = "sqlite"
            $0.backend.values["sqlite_path"] = .string(self.fixture.directory.path("mail.sqlite"))
        }
        #expect(self.fixture.directory.contents.isEmpty)
    }
}
