package import GuerrillaBackend
package import Logging

/// A kind of database, set up for one data source. Calls block.
package protocol SQLDriver: Sendable {
    /// Where the database is, for the log: no user, no password.
    var place: String { get }

    /// Opens a connection and makes sure that it can do what it is for.
    func connect(for purpose: SQLPurpose) throws(SQLFailure) -> any SQLConnection
}

/// What a connection is for.
package enum SQLPurpose: Sendable {
    /// To store messages.
    case saving
    /// To look for recipients.
    case validating
}

/// One connection. Calls block; there is one at a time.
package protocol SQLConnection: Sendable {
    /// Whether the other side still seems to be there: found out without waiting.
    var isAlive: Bool { get }

    /// Stores all rows in one transaction, or none.
    func insert(_ rows: [MailRow]) throws(SQLFailure)

    /// Runs the query of recipients once for each list of values; true where there is a row.
    func find(_ recipients: [[String]]) throws(SQLFailure) -> [Bool]

    func close()
}

/// What a driver is set up with.
package struct SQLDriverOptions: Sendable {
    /// `sql_dsn`
    package var dataSource: Secret
    package var insert: InsertStatement
    package var query: RecipientQuery?
    /// The longest that connecting, or a single operation, may take.
    package var timeout: Duration
    /// Where a driver says what the operator should know.
    package var logger: Logger

    package init(
        dataSource: Secret,
        insert: InsertStatement,
        query: RecipientQuery?,
        timeout: Duration,
        logger: Logger = Logger(label: "guerrilla.sql") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.dataSource = dataSource
        self.insert = insert
        self.query = query
        self.timeout = timeout
        self.logger = logger
    }
}

/// A kind of database that the package was built with.
public struct SQLDriverDescription: Sendable {
    package let dialect: SQLDialect
    package let make: @Sendable (SQLDriverOptions) throws(DataSourceError) -> any SQLDriver

    package init(
        _ dialect: SQLDialect,
        make: @escaping @Sendable (SQLDriverOptions) throws(DataSourceError) -> any SQLDriver
    ) {
        self.dialect = dialect
        self.make = make
    }
}
