#if Postgres
import GuerrillaBackend
package import GuerrillaSQL

/// PostgreSQL, through libpq.
package struct PostgresDriver: SQLDriver {
    /// The driver for a processor, `postgres`.
    package static let description = SQLDriverDescription(.postgres) { options throws(DataSourceError) in
        try PostgresDriver(options)
    }

    let source: PostgresDataSource
    let options: SQLDriverOptions
    let afterwork = Afterwork()

    package init(_ options: SQLDriverOptions) throws(DataSourceError) {
        self.source = try PostgresDataSource(options.dataSource.reveal())
        self.options = options
    }

    package var place: String { self.source.place }

    package func connect(for purpose: SQLPurpose) throws(SQLFailure) -> any SQLConnection {
        try PostgresConnection(self, purpose: purpose)
    }
}
#endif
