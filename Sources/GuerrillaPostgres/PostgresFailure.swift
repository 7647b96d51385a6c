#if Postgres
import CPostgres
import GuerrillaSQL

/// What an error of PostgreSQL or of the way to it means for us.
enum PostgresFailure {
    /// The connection is gone, before anything could have been committed.
    static func connection(_ handle: OpaquePointer) -> SQLFailure {
        SQLFailure(.connection, self.text(handle))
    }

    /// The connection is gone, or out of step, when the server had all it needs to commit.
    static func unknown(_ handle: OpaquePointer) -> SQLFailure {
        SQLFailure(.unknown, self.text(handle))
    }

    /// What the library says, on one line.
    static func text(_ handle: OpaquePointer) -> String {
        self.oneLine(String(cString: PQerrorMessage(handle)))
    }

    /// The meaning of a result that is an error.
    /// - Parameter inCommit: Whether all commands had succeeded before.
    static func of(_ result: OpaquePointer, inCommit: Bool) -> SQLFailure {
        guard let state = guerrilla_pg_sqlstate(result).map({ String(cString: $0) }), !state.isEmpty else {
            return SQLFailure(.unknown, self.oneLine(String(cString: PQresultErrorMessage(result))))
        }
        let text = self.text(result, state)
        switch self.field(guerrilla_pg_severity(result)) {
        // For want of room for its log, for example. It may find the commit done when it starts again.
        case "PANIC": return SQLFailure(.unknown, text)
        // The session ends with it. In a commit it may end when that is done, while it waits for a standby.
        case "FATAL": return SQLFailure(inCommit ? .unknown : .connection, text)
        // An error of a commit, of a deferred constraint for example, has rolled it back.
        default: return SQLFailure(self.reach(ofError: state), text)
        }
    }

    /// How far an error reaches after which the session goes on.
    private static func reach(ofError state: String) -> SQLFailure.Reach {
        switch state {
        // A standby, or a server that is to become one: another connection may find the primary.
        case "25006": .store
        // Transactions in each other's way.
        case "40001", "40P01": .conflict
        // The prepared statement has gone, or its columns are others now.
        case "26000", "0A000": .stale
        default:
            switch state.prefix(2) {
            case "08": .connection
            // Disk, memory, connections, files.
            case "53", "58": .resources
            default: .row
            }
        }
    }

    /// Texts of these classes name what is in the database, and no value: the others may quote what was in a message.
    private static let telling: Set = [
        "08", "0A", "25", "26", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "XX",
    ]

    private static func text(_ result: OpaquePointer, _ state: String) -> String {
        if let name = self.field(guerrilla_pg_constraint(result)) {
            return "a row was refused (SQLSTATE \(state), constraint \(name))"
        }
        // A trigger chooses both its SQLSTATE and its words.
        guard self.field(guerrilla_pg_context(result)) == nil else {
            return "a row was refused by a function of the database (SQLSTATE \(state))"
        }
        guard self.telling.contains(String(state.prefix(2))), let text = self.field(guerrilla_pg_primary(result)) else {
            return "a row was refused (SQLSTATE \(state))"
        }
        let severity = self.field(guerrilla_pg_severity(result)).map { $0 + ": " } ?? ""
        return "\(severity)\(text) (SQLSTATE \(state))"
    }

    private static func field(_ text: UnsafePointer<CChar>?) -> String? {
        text.map { self.oneLine(String(cString: $0)) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.joined(separator: " ")
    }
}
#endif
