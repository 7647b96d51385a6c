import GuerrillaTestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The table of log texts in Docs/MIGRATING-FROM-GO-GUERRILLA.md: what it says we write stands in our sources.
struct MigrationTableTests {
    private struct Row {
        /// The texts, with `…` where something varies.
        let ours: [String]
        let levels: [String]
    }

    private func rows() throws -> [Row] {
        let document = try String(
            contentsOfFile: repositoryPath("Docs/MIGRATING-FROM-GO-GUERRILLA.md"),
            encoding: .utf8
        )
        let lines = document.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasPrefix("| go-guerrilla's text | ours | level |") })
        return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            return Row(ours: Self.codeSpans(cells[2]), levels: Self.codeSpans(cells[3]))
        }
    }

    private static func codeSpans(_ cell: Substring) -> [String] {
        let parts = cell.split(separator: "`", omittingEmptySubsequences: false)
        return parts.indices.filter { !$0.isMultiple(of: 2) }.map { String(parts[$0]) }
    }

    private func sources() throws -> String {
        let root = repositoryPath("Sources")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root).filter { $0.hasSuffix(".swift") }
        return try paths.map { try String(contentsOfFile: "\(root)/\($0)", encoding: .utf8) }.joined()
    }

    @Test func everyTextStandsInTheSources() throws {
        let rows = try self.rows()
        let sources = try self.sources()
        #expect(rows.count > 20)
        for text in rows.flatMap(\.ours) {
            let fragments = text.split(separator: "…").filter { $0.utf8.count >= 4 }
            #expect(!fragments.isEmpty, "\(text)")
            for fragment in fragments { #expect(sources.contains(fragment), "\(text)") }
        }
    }

    @Test func levelsAreThoseOfTheLog() throws {
        for row in try self.rows() {
            #expect(row.levels.isEmpty == row.ours.isEmpty)
            let known = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
            #expect(row.levels.allSatisfy(known.contains))
        }
    }
}
