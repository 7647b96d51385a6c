import GuerrillaBackend

/// A data source name in the forms of Go's go-sqlite3: a path, or `file:path`, either with `?parameter=value&…` behind it.
package struct SQLiteDataSource: Sendable, Equatable {
    /// The file. A relative path starts at the working directory.
    package private(set) var path: String
    /// `_busy_timeout` or `_timeout`, in milliseconds there.
    package private(set) var busyTimeout: Duration = .seconds(5)
    /// `_journal_mode` or `_journal`.
    package private(set) var journalMode: String?

    private static let journalModes: Set<String> = ["delete", "truncate", "persist", "wal"]
    /// How go-sqlite3 shares memory and locks among connections of its own, and what it does to values for Go.
    private static let ignored: Set<String> = [
        "_auto_vacuum", "_case_sensitive_like", "_cslike", "_defer_fk", "_defer_foreign_keys", "_fk", "_foreign_keys",
        "_ignore_check_constraints", "_loc", "_locking", "_locking_mode", "_mutex", "_query_only",
        "_recursive_triggers",
        "_rt", "_secure_delete", "_txlock", "_vacuum", "_writable_schema", "_cache_size", "cache", "immutable",
    ]

    /// Reads a data source name.
    package init(_ text: String) throws(DataSourceError) {
        let question = text.firstIndex(of: "?") ?? text.endIndex
        var path = text[..<question]
        if path.hasPrefix("file:") {
            path = path.dropFirst(5)
            if path.hasPrefix("///") { path = path.dropFirst(2) }
        }
        guard let file = PercentEncoding.decoded(path) else { throw DataSourceError("the path has a broken %-escape") }
        guard !file.isEmpty, file != ":memory:" else {
            throw DataSourceError("expected the path of a file: what is in memory is lost with the process")
        }
        self.path = file
        for parameter in text[question...].dropFirst().split(separator: "&") {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, let value = PercentEncoding.decoded(pair[1]) else {
                throw DataSourceError("a parameter has no readable value")
            }
            try self.set(String(pair[0]), to: value.lowercased())
        }
    }

    private mutating func set(_ name: String, to value: String) throws(DataSourceError) {
        switch name {
        case "_busy_timeout", "_timeout":
            guard let milliseconds = Int64(value), (0...3_600_000).contains(milliseconds) else {
                throw DataSourceError("\(name): expected milliseconds, at most an hour")
            }
            self.busyTimeout = .milliseconds(milliseconds)
        case "_journal_mode", "_journal":
            guard Self.journalModes.contains(value) else {
                throw DataSourceError("\(name): expected DELETE, TRUNCATE, PERSIST or WAL; others can lose mail")
            }
            self.journalMode = value
        case "_synchronous", "_sync":
            // What is acknowledged has to survive a power failure.
            guard ["2", "full", "3", "extra"].contains(value) else {
                throw DataSourceError("\(name): mail that was acknowledged would be lost; leave it out, FULL is used")
            }
        case "mode":
            guard value == "rw" || value == "rwc" else { throw DataSourceError("mode: expected rw or rwc") }
        default:
            guard Self.ignored.contains(name) else {
                throw DataSourceError("the parameter \(ConfigurationValue.quoted(name)) is not known")
            }
        }
    }
}
