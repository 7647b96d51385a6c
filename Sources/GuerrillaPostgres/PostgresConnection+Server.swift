#if Postgres
import CPostgres
import GuerrillaSQL

/// What a connection asks of the server beside its work: to give up in time, and how safe its commits are.
extension PostgresConnection {
    /// Has the server give up before we do. A connection that is closed does not end what it waits for: behind a lock they would pile
    /// up until the server takes no more.
    ///
    /// Shorter times that are set for the user or in the data source stay. What a relative of PostgreSQL does not know it does without.
    func limitTimes() throws(SQLFailure) {
        try self.ask(
            """
            SELECT set_config(name, value, false) FROM (VALUES ('statement_timeout', $1), ('lock_timeout', $2)) AS l (name, value)
            WHERE (SELECT s.setting::bigint FROM pg_settings AS s WHERE s.name = l.name) NOT BETWEEN 1 AND l.value::bigint
            """,
            [self.limits.statement, self.limits.lock].map { "\(max(1, Int64($0 / .milliseconds(1))))" }
        )
        // Has it look once a second, while it works, whether we are still there. (PostgreSQL 14)
        try self.ask(
            """
            SELECT set_config(name, '1000', false) FROM pg_settings
            WHERE name = 'client_connection_check_interval' AND setting = '0'
            """
        )
    }

    /// The rows of a query; none when a relative of PostgreSQL does not understand it.
    @discardableResult
    private func ask(_ text: String, _ values: [String] = []) throws(SQLFailure) -> [[String]] {
        do throws(SQLFailure) {
            return try self.query(text, values: values)
        } catch {
            guard error.reach == .row || error.reach == .stale else { throw error }
            return []
        }
    }

    /// Asks the server, without waiting, to end what this connection waits for: that may be a standby, and no time limit holds there.
    func cancel() {
        guard let request = PQgetCancel(self.handle) else { return }
        let cancellation = PostgresCancellation(request)
        self.driver.afterwork.start { cancellation.send() }
    }

    func cautions() throws(SQLFailure) -> [String] {
        var cautions: [String] = []
        if try self.ask("SELECT current_setting('fsync')") == [["off"]] {
            cautions.append("fsync is off: a power cut may damage the database with all that was acknowledged")
        }
        guard let table = self.driver.options.insert.table else { return cautions }
        let unlogged = try self.ask(
            """
            WITH RECURSIVE part (oid) AS (
                SELECT to_regclass($1)::oid
                UNION SELECT i.inhrelid FROM pg_inherits AS i JOIN part ON part.oid = i.inhparent
                    JOIN pg_class AS parent ON parent.oid = i.inhparent AND parent.relkind = 'p'
            )
            SELECT c.relname FROM pg_class AS c JOIN part ON part.oid = c.oid WHERE c.relpersistence = 'u' ORDER BY c.relname
            """,
            [table.quoted(for: .postgres)]
        )
        if let name = unlogged.first?.first {
            cautions.append(
                "the table \(name) is UNLOGGED: it is empty after a crash of the server, whatever was acknowledged; "
                    + "ALTER TABLE \(SQLDialect.postgres.quoted(name)) SET LOGGED"
            )
        }
        return cautions
    }
}

/// A request to end what a connection is waiting for.
///
/// `@unchecked Sendable`: it is a copy of its own, which the library lets any thread use, and only the one thread of the afterwork does.
private final class PostgresCancellation: @unchecked Sendable {
    private let request: OpaquePointer

    init(_ request: OpaquePointer) {
        self.request = request
    }

    deinit {
        PQfreeCancel(self.request)
    }

    /// Blocks as long as the server lets us wait.
    func send() {
        var reason = [CChar](repeating: 0, count: 256)
        PQcancel(self.request, &reason, Int32(reason.count))
    }
}
#endif
