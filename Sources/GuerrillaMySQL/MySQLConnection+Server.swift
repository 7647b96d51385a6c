#if MySQL
import CMariaDB
import GuerrillaSQL

/// What a connection asks of the server beside its work: to give up in time, and how safe its commits are.
extension MySQLConnection {
    /// Has the server give up before we do. A connection that is closed does not end what it waits for: behind a lock they would pile
    /// up until the server takes no more.
    ///
    /// Shorter times that are set for the server or in the data source stay.
    func limitTimes() throws(SQLFailure) {
        let seconds = max(1, self.limits.lock.components.seconds)
        for name in ["innodb_lock_wait_timeout", "lock_wait_timeout"] {
            try self.set(name, "LEAST(@@SESSION.\(name), \(seconds))")
        }
        // MySQL has no limit for statements that write.
        guard self.isMariaDB else { return }
        let statement = "\(max(1, Int64(self.limits.statement / .milliseconds(1)))) / 1000"
        let present = "@@SESSION.max_statement_time"
        try self.set("max_statement_time", "IF(\(present) > 0, LEAST(\(present), \(statement)), \(statement))")
    }

    /// What a relative of MySQL does not know it does without.
    private func set(_ name: String, _ value: String) throws(SQLFailure) {
        do throws(SQLFailure) {
            try self.execute("SET SESSION \(name) = \(value)")
        } catch {
            guard error.reach == .row else { throw error }
        }
    }

    /// The engine that rows are put into, if it cannot undo that: what is stored of a message that fails stays there.
    ///
    /// Of a view nothing is known, nor of a table that a statement of the operator's names in place of the configured one.
    func engineWithoutTransactions() -> SQLFailure? {
        guard let table = self.driver.options.insert.table, let name = table.parts.last else { return nil }
        let schema = table.parts.count > 1 ? "'\(table.parts[0])'" : "DATABASE()"
        let engine = self.scalar(
            """
            SELECT t.ENGINE FROM information_schema.TABLES AS t JOIN information_schema.ENGINES AS e ON e.ENGINE = t.ENGINE
            WHERE t.TABLE_SCHEMA = \(schema) AND t.TABLE_NAME = '\(name)' AND e.TRANSACTIONS = 'NO'
            """
        )
        return engine.map { engine in
            SQLFailure(
                .store,
                "the table \(name) has the engine \(engine), which has no transactions and would keep half of a message that "
                    + "fails: ALTER TABLE \(table.quoted(for: .mysql)) ENGINE=InnoDB"
            )
        }
    }

    func cautions() throws(SQLFailure) -> [String] {
        var cautions: [String] = []
        if let value = self.scalar("SELECT @@GLOBAL.innodb_flush_log_at_trx_commit"), value == "0" || value == "2" {
            cautions.append(
                "innodb_flush_log_at_trx_commit is \(value): a power cut loses what was acknowledged in the last second; set it to 1"
            )
        }
        if self.scalar("SELECT @@GLOBAL.log_bin") == "1",
            let value = self.scalar("SELECT @@GLOBAL.sync_binlog"), value != "1"
        {
            cautions.append(
                "sync_binlog is \(value), with the binary log on: after a power cut the server undoes what was acknowledged and is "
                    + "not in that log; set it to 1"
            )
        }
        return cautions
    }

    /// Ends in the server, without waiting, what this connection waits for: that may be a replica, and no time limit holds there.
    func kill() {
        let (driver, thread, port) = (self.driver, self.thread, self.localPort)
        driver.afterwork.start {
            guard let handle = mysql_init(nil) else { return }
            defer { mysql_close(handle) }
            guard MySQLConnection.connect(handle, driver, timeout: .seconds(2)) == nil else { return }
            // Behind a proxy the same number may be another connection's, on another server.
            let isOurs = "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = \(thread) AND HOST LIKE '%\(port)'"
            guard MySQLConnection.scalar(handle, isOurs) != nil else { return }
            _ = "KILL CONNECTION \(thread)".withCString { mysql_query(handle, $0) }
        }
    }
}
#endif
