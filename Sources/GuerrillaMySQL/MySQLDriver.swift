#if MySQL
import GuerrillaBackend
package import GuerrillaSQL

/// MySQL and MariaDB, through libmariadb.
package struct MySQLDriver: SQLDriver {
    /// How several rows are stored at once.
    package enum Grouping: Sendable {
        /// With array binding where the server has it (MariaDB), else with several groups of values.
        case automatic
        /// With several groups of values.
        case multiRow
    }

    /// The driver for a processor, `mysql`.
    package static let description = SQLDriverDescription(.mysql) { options throws(DataSourceError) in
        try MySQLDriver(options)
    }

    let source: MySQLDataSource
    let options: SQLDriverOptions
    let grouping: Grouping
    let afterwork = Afterwork()

    package init(_ options: SQLDriverOptions, grouping: Grouping = .automatic) throws(DataSourceError) {
        self.source = try MySQLDataSource(options.dataSource.reveal())
        self.options = options
        self.grouping = grouping
    }

    package var place: String { self.source.place }

    package func connect(for purpose: SQLPurpose) throws(SQLFailure) -> any SQLConnection {
        try MySQLConnection(self, purpose: purpose)
    }
}
#endif
