#if CommandLine
import ArgumentParser
import GuerrillaSQL

struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the statements that create the table of the sql processor.",
        discussion: "For example: guerrillad schema --driver mysql | mariadb mail"
    )

    @Option(
        help: "mysql, postgres or sqlite3, as in sql_driver.",
        completion: .list(SQLDialect.allCases.map(\.rawValue))
    )
    var driver: String

    @Option(help: "The table's name, as in mail_table.")
    var table = "mail"

    func run() throws {
        let (dialect, table) = try self.arguments()
        try Terminal.write(MailTableSchema.statements(table: table, dialect: dialect))
    }

    // Not in `run`: what is thrown there is followed by the usage of the whole program.
    func validate() throws {
        _ = try self.arguments()
    }

    private func arguments() throws -> (dialect: SQLDialect, table: SQLName) {
        guard let dialect = SQLDialect(rawValue: self.driver.lowercased()) else {
            throw ValidationError(
                "the driver is none of \(SQLDialect.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        guard let table = SQLName(self.table) else {
            throw ValidationError("the table's name may hold letters, digits, _, $ and -, and one dot")
        }
        return (dialect, table)
    }
}
#endif
