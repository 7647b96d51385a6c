/// What differs between databases in the statements made here.
package enum SQLDialect: String, Sendable, CaseIterable {
    case mysql
    case postgres
    case sqlite3

    /// A name as it stands in a statement. The name has been checked by ``SQLName``.
    package func quoted(_ name: String) -> String {
        switch self {
        case .mysql: "`\(name)`"
        case .postgres, .sqlite3: "\"\(name)\""
        }
    }

    /// The present time, for the column `date`.
    var now: String {
        switch self {
        case .mysql, .postgres: "NOW()"
        case .sqlite3: "datetime('now')"
        }
    }
}
