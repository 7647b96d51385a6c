import GuerrillaBackend
import GuerrillaTestSupport
import Testing

@testable import Guerrilla

/// Data source names of all kinds; those with a known outcome are in ``ConfigurationListingTests``.
struct ConfigurationRedactionTests {
    private static let table = ConfigurationTable(registry: .standard)

    private func shown(_ text: String, of name: String, driver: String?) throws -> String {
        let key = try #require(Self.table.backend.first { $0.name == name })
        let values: ConfigurationObject = driver.map { ["sql_driver": .string($0)] } ?? [:]
        let value = Self.table.shown(.string(text), of: key, among: values)
        guard case .string(let shown) = value else {
            Issue.record("\(value)")
            return ""
        }
        return shown
    }

    @Test func anyTextCanBeRedacted() throws {
        let pieces = [
            "postgres", "postgresql", "mysql", "redis", "rediss", "unix", "file", "://", ":", "/", "?", "&", "=", "@",
            ",", "'", "\\",
            "%", "%3D", "(", ")", "[", "]", " ", "\t", "\n", "\u{301}", "\u{202E}", "user", "password", "options",
            "-c ", "app.", "host",
            "dbname", "tcp", "6379", "a", "ä", "🙂",
        ]
        let beginnings = [
            "", "postgres", "postgresx=", "postgresql://", "user=", "u:p@tcp(h)/", "file:", "redis://",
        ]
        var random = SeededRandom(seed: 1)
        for _ in 0..<5_000 {
            let beginning = beginnings.randomElement(using: &random) ?? ""
            let text =
                beginning
                + (0...Int.random(in: 0...9, using: &random)).map { _ in pieces.randomElement(using: &random) ?? ""
                }.joined()
            for driver in ["mysql", "postgres", "sqlite3", nil] {
                _ = try self.shown(text, of: "sql_dsn", driver: driver)
            }
            _ = try self.shown(text, of: "redis_interface", driver: nil)
        }
    }

    /// Quotes, escapes and the settings of the session are written anew.
    @Test func whatIsShownOfKeywordsMeansTheSame() throws {
        let names = ["host", "user", "dbname", "port", "search_path", "statement_timeout", "application_name"]
        let values = ["a", "", "it's", #"a\b"#, "two words", "a\nb", "a\u{A0}b", "=", "?", "postgres://x", "'"]
        var random = SeededRandom(seed: 2)
        for _ in 0..<1_000 {
            let text = (0...Int.random(in: 0...5, using: &random)).map { _ in
                let value = values.randomElement(using: &random) ?? ""
                let quoted = value.map { "'\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
                return "\(names.randomElement(using: &random) ?? "")='\(quoted)'"
            }.joined(separator: " ")
            let shown = try self.shown(text, of: "sql_dsn", driver: "postgres")
            #expect(!shown.contains("***"), "\(text)")
            #expect(try self.shown(shown, of: "sql_dsn", driver: "postgres") == shown, "\(text)")
        }
    }
}
