import Guerrilla
import GuerrillaTestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct ConfigurationSourceTests {
    @Test func textIsNoFile() {
        let loader = ConfigurationLoader(hostName: "a")
        let broken = loader.load("{".utf8, source: .text)
        #expect(
            broken.problems.map(\.description) == [
                "could not parse the text: line 1, column 2: expected a key in quotation marks"
            ]
        )
        let wrong = loader.load("[]".utf8, source: .text)
        #expect(wrong.problems.map(\.keyPath) == ["text"])
        #expect(loader.load(from: .text).configuration == loader.load("{}".utf8, source: .text).configuration)
    }

    @Test func explicitPathIsTakenWhetherOrNotItExists() {
        #expect(ConfigurationSource.lookUp(explicitPath: "/nonexistent/x") == .file("/nonexistent/x"))
    }

    @Test func oldNameComesFirstThenTheNewOneThenTheEmbeddedDefault() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("guerrilla-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.path
        #expect(ConfigurationSource.lookUp(explicitPath: nil, in: path) == .embeddedDefault)
        try "{}".write(toFile: path + "/goguerrilla.conf.json", atomically: false, encoding: .utf8)
        #expect(ConfigurationSource.lookUp(explicitPath: "", in: path) == .file(path + "/goguerrilla.conf.json"))
        try "{}".write(toFile: path + "/goguerrilla.conf", atomically: false, encoding: .utf8)
        #expect(ConfigurationSource.lookUp(explicitPath: nil, in: path) == .file(path + "/goguerrilla.conf"))
        #expect(ConfigurationLoader(hostName: "a").load(from: .lookUp(explicitPath: nil, in: path)).problems.isEmpty)
    }
}
