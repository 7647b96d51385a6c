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
        switch state.prefix(2) {
        // A value, a constraint, transactions in each other's way, a limit, a trigger's RAISE. The text may quote a value.
        case "22", "23", "40", "54", "P0":
            return SQLFailure(.row, "a row was refused (SQLSTATE \(state))")
        case "08", "57":
            let text = self.oneLine(String(cString: PQresultErrorMessage(result)))
            return SQLFailure(inCommit ? .unknown : .connection, text)
        default:
            // A server that panics in a commit, for want of room for its log, may find it done when it starts again.
            return SQLFailure(
                inCommit ? .unknown : .store,
                self.oneLine(String(cString: PQresultErrorMessage(result))) + " (SQLSTATE \(state))"
            )
        }
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.joined(separator: " ")
    }
}
#endif
