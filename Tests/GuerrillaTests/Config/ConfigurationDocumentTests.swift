import GuerrillaBackend
import Testing

@testable import Guerrilla

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct ConfigurationDocumentTests {
    private let document = ConfigurationDocument(table: ConfigurationTable(registry: .standard))

    /// Run with `UPDATE_DOCUMENTS=1` in the environment to write the tables into the file.
    @Test func committedDocumentShowsTheTableOfKeys() throws {
        let path = repositoryPath("Docs/CONFIGURATION.md")
        let committed = try String(contentsOfFile: path, encoding: .utf8)
        for block in document.blocks {
            #expect(committed.contains(ConfigurationDocument.begin(block.name)), "no block \(block.name)")
        }
        let current = document.updating(committed)
        if ProcessInfo.processInfo.environment["UPDATE_DOCUMENTS"] == "1" {
            try current.write(toFile: path, atomically: true, encoding: .utf8)
        } else {
            #expect(committed == current, "run the tests with UPDATE_DOCUMENTS=1")
        }
    }

    @Test func everyKeyIsInTheDocument() {
        let text = document.blocks.map(\.markdown).joined()
        let table = document.table
        for key in table.application + table.server + table.tls + table.certificate + table.backend {
            #expect(text.contains("`\(key.name)`") || text.contains(".\(key.name)`"), "\(key.name)")
        }
    }

    @Test func updatingIsIdempotent() {
        let skeleton = document.blocks.map { "\(ConfigurationDocument.begin($0.name))\n\(ConfigurationDocument.end)\n" }
            .joined(separator: "text\n")
        let once = document.updating(skeleton)
        #expect(once != skeleton)
        #expect(document.updating(once) == once)
    }

    @Test func textOutsideOfBlocksStays() {
        #expect(document.updating("a\n\nb\n") == "a\n\nb\n")
    }
}

/// The path of a file of this package.
func repositoryPath(_ path: String, file: String = #filePath) -> String {
    // <root>/Tests/GuerrillaTests/Config/<file>
    let root = file.split(separator: "/").dropLast(4).joined(separator: "/")
    return "/\(root)/\(path)"
}
