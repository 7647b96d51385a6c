#if SQLite
import GuerrillaBackend
package import GuerrillaSQL

/// An SQLite file with go-guerrilla's table, for the processor `sql`. The processor `sqlite` has tables of its own.
package struct SQLite3Driver: SQLDriver {
    /// The driver for a processor, `sqlite3`.
    package static let description = SQLDriverDescription(.sqlite3) { options throws(DataSourceError) in
        try SQLite3Driver(options)
    }

    let source: SQLiteDataSource
    let options: SQLDriverOptions
    let log: DriverLog

    package init(_ options: SQLDriverOptions) throws(DataSourceError) {
        self.source = try SQLiteDataSource(options.dataSource.reveal())
        self.options = options
        self.log = DriverLog(logger: options.logger)
    }

    package var place: String { "sqlite3 at \(self.source.path)" }

    package func connect(for purpose: SQLPurpose) throws(SQLFailure) -> any SQLConnection {
        try SQLite3Connection(self, purpose: purpose)
    }
}
#endif
