import GuerrillaMail
import GuerrillaServer
import GuerrillaTestSupport
import InMemoryLogging
import Logging
import NIOCore
import Synchronization
import Testing

@testable import Guerrilla

struct CertificateReloaderTests {
    private let directory = TemporaryDirectory()
    private let log = InMemoryLogHandler()
    private let interface = ListenInterface(host: "127.0.0.1", port: 25)

    /// An offer that knows which files it was made of.
    private struct Provider: TLSProvider {
        let text: String

        func addHandler(to channel: any Channel) throws {}
        func info(of channel: any Channel) -> TLSInfo { TLSInfo(version: self.text) }
    }

    private var settings: TLSSettings {
        var settings = TLSSettings()
        settings.isStartTLSOn = true
        settings.keyPair = TLSKeyPair(
            privateKeyFile: self.directory.path("mx.key"),
            certificateFile: self.directory.path("mx.crt")
        )
        return settings
    }

    /// Both files have to say the same to fit; what follows a colon in the certificate is a warning.
    private func makeReloader() -> CertificateReloader {
        let (log, directory) = (self.log, self.directory)
        return CertificateReloader(logger: Logger(label: "test") { _ in log }) { _, interface throws(DaemonError) in
            let certificate = (directory.text("mx.crt") ?? "").split(separator: ":").map(String.init)
            guard let text = certificate.first, text == directory.text("mx.key") else {
                throw DaemonError("no fit for [\(interface)]")
            }
            return (TLSOffer(provider: Provider(text: text)), Array(certificate.dropFirst()))
        }
    }

    private func write(key: String? = nil, certificate: String? = nil) throws {
        if let key { try self.directory.write(key, to: "mx.key") }
        if let certificate { try self.directory.write(certificate, to: "mx.crt") }
    }

    /// A reloader of files that fit, and where what it hands out goes.
    private func begun() throws -> (CertificateReloader, Adopted) {
        try self.write(key: "old", certificate: "old")
        let reloader = self.makeReloader()
        let adopted = Adopted()
        let reading = try reloader.read(self.settings, for: self.interface)
        #expect((reading.offer.provider as? Provider)?.text == "old")
        reloader.watch(reading) { offer in adopted.append((offer.provider as? Provider)?.text ?? "") }
        return (reloader, adopted)
    }

    private final class Adopted: Sendable {
        private let all = Mutex<[String]>([])
        var names: [String] { self.all.withLock { $0 } }
        func append(_ name: String) { self.all.withLock { $0.append(name) } }
    }

    private var messages: [String] { self.log.entries.map { "\($0.level) \($0.message)" } }

    private static let loaded = "info TLS certificates loaded"
    private static let kept = "error TLS certificates not replaced: new connections get the old ones"

    @Test func filesThatStayAsTheyAreAreNotReadAgain() throws {
        let (reloader, adopted) = try self.begun()
        for _ in 0..<3 { #expect(!reloader.check()) }
        #expect(adopted.names.isEmpty)
        #expect(self.messages.isEmpty)
    }

    @Test func newFilesAreTakenOverOnceTheyStayAsTheyAre() throws {
        let (reloader, adopted) = try self.begun()
        try self.write(key: "newer", certificate: "newer")
        #expect(reloader.check())
        #expect(adopted.names.isEmpty)
        #expect(!reloader.check())
        #expect(adopted.names == ["newer"])
        #expect(!reloader.check())
        #expect(adopted.names == ["newer"])
        #expect(self.messages == [Self.loaded])
        #expect(self.log.entries.first?.metadata["server"] == "127.0.0.1:25")
    }

    @Test func filesReplacedOneAfterTheOtherAreNoTrouble() throws {
        let (reloader, adopted) = try self.begun()
        try self.write(key: "newer")
        #expect(reloader.check())
        try self.write(certificate: "newer")
        #expect(reloader.check())
        #expect(!reloader.check())
        #expect(adopted.names == ["newer"])
        #expect(self.messages == [Self.loaded])
    }

    @Test func filesThatDoNotFitAreToldOfOnceAndTriedAgain() throws {
        let (reloader, adopted) = try self.begun()
        try self.write(key: "newer")
        #expect(reloader.check())
        for _ in 0..<3 { #expect(!reloader.check()) }
        #expect(adopted.names.isEmpty)
        #expect(self.messages == [Self.kept])
        #expect(self.log.entries.first?.metadata["server"] == "127.0.0.1:25")
        #expect(self.log.entries.first?.metadata["reason"] == "no fit for [127.0.0.1:25]")
        try self.write(certificate: "newer")
        #expect(reloader.check())
        #expect(!reloader.check())
        #expect(adopted.names == ["newer"])
        #expect(self.messages == [Self.kept, Self.loaded])
    }

    @Test func fileThatIsGoneForAWhileIsWaitedFor() throws {
        let (reloader, adopted) = try self.begun()
        try self.directory.remove("mx.crt")
        #expect(reloader.check())
        #expect(!reloader.check())
        try self.write(certificate: "old")
        #expect(reloader.check())
        #expect(!reloader.check())
        #expect(adopted.names == ["old"])
        #expect(self.messages == [Self.kept, Self.loaded])
    }

    /// As certbot does it: `live/…` holds symbolic links.
    @Test func linkThatPointsElsewhereIsAChange() throws {
        try self.directory.write("old", to: "1.crt")
        try self.directory.write("new", to: "2.crt")
        try self.directory.link("mx.crt", to: "1.crt")
        let before = FileStamp(path: self.directory.path("mx.crt"))
        #expect(before != nil && before == FileStamp(path: self.directory.path("mx.crt")))
        try self.directory.link("mx.crt", to: "2.crt")
        #expect(before != FileStamp(path: self.directory.path("mx.crt")))
        try self.directory.remove("2.crt")
        #expect(FileStamp(path: self.directory.path("mx.crt")) == nil)
    }

    @Test func whatIsToldToReloadReadsUnchangedFilesToo() async throws {
        let (reloader, adopted) = try self.begun()
        #expect(await reloader.reload())
        #expect(adopted.names == ["old"])
        try self.write(key: "newer")
        // Each time it is told: somebody wants to know.
        for _ in 0..<2 { #expect(await !reloader.reload()) }
        #expect(!reloader.check())
        #expect(adopted.names == ["old"])
        try self.write(certificate: "newer")
        #expect(await reloader.reload())
        #expect(adopted.names == ["old", "newer"])
        #expect(!reloader.check())
        #expect(self.messages == [Self.loaded, Self.kept, Self.kept, Self.loaded])
    }

    @Test func certificatesThatGrowOldAreToldOfOnce() throws {
        let (reloader, adopted) = try self.begun()
        try self.write(certificate: "old:soon over")
        _ = reloader.check()
        _ = reloader.check()
        #expect(adopted.names == ["old"])
        let told = "warning server [127.0.0.1:25]: soon over"
        #expect(self.messages == [Self.loaded, told])
        for day in 1...3 { #expect(!reloader.check(at: .now + .seconds(day * 90_000))) }
        #expect(self.messages == [Self.loaded, told])
        #expect(adopted.names == ["old"])
    }

    @Test func changesAreFoundWithoutBeingTold() async throws {
        let (reloader, adopted) = try self.begun()
        let task = reloader.start(every: .milliseconds(5))
        try self.write(key: "newer", certificate: "newer")
        #expect(await eventually { adopted.names.last == "newer" })
        task.cancel()
        await task.value
    }
}
