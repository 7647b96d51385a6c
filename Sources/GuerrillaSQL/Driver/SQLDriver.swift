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
package protocol SQLConnection: AnyObject, Sendable {
    /// Whether the other side still seems to be there: found out without waiting.
    var isAlive: Bool { get }

    /// Makes sure once more that it can do what it is for, as far as that is to be had without doing it.
    ///
    /// A table that is missing, or that we may not write any more, looks like the fault of an item while items are all that is tried.
    func check() throws(SQLFailure)

    /// What the operator should know about a database that can be used: sentences about what it may lose.
    func cautions() throws(SQLFailure) -> [String]

    /// Stores all rows in one transaction, or none. After a failure that leaves the connection alive nothing of them is left in it.
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
    package var savingLimits: SQLTimeLimits
    package var validatingLimits: SQLTimeLimits
    /// Where a driver says what the operator should know.
    package var logger: Logger

    /// - Parameters:
    ///   - saveTimeout: `gw_save_timeout`
    ///   - validateTimeout: `gw_val_rcpt_timeout`
    ///   - logger: Where a driver says what the operator should know.
    package init(
        dataSource: Secret,
        insert: InsertStatement,
        query: RecipientQuery?,
        saveTimeout: Duration,
        validateTimeout: Duration,
        logger: Logger = Logger(label: "guerrilla.sql") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.dataSource = dataSource
        self.insert = insert
        self.query = query
        self.savingLimits = SQLTimeLimits(.saving, verdict: saveTimeout)
        self.validatingLimits = SQLTimeLimits(.validating, verdict: validateTimeout)
        self.logger = logger
    }

    package func limits(for purpose: SQLPurpose) -> SQLTimeLimits {
        switch purpose {
        case .saving: self.savingLimits
        case .validating: self.validatingLimits
        }
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
