#if MySQL
import CMariaDB
import GuerrillaSQL

extension MySQLConnection {
    /// Rows of one statement at most.
    private static let statementRows = 256
    /// The sizes in which rows are grouped where there is no array binding: few, so that few statements are prepared.
    private static let groups = [64, 16, 4, 1]

    func insert(_ rows: [MailRow]) throws(SQLFailure) {
        // A statement larger than the server takes would cost the connection, and look like trouble of the server's.
        if let large = rows.first(where: { $0.mailOctets > self.statementOctets * 2 - 65_536 }) {
            throw SQLFailure(.row, "\(large.mailOctets) octets do not fit into the server's max_allowed_packet")
        }
        do throws(SQLFailure) {
            for part in rows.parts(count: Self.statementRows, octets: self.statementOctets) {
                try self.timed { () throws(SQLFailure) in try self.insert(part: Array(part)) }
            }
        } catch {
            switch error.reach {
            // A connection that is given up rolls back as well.
            case .connection, .store, .unknown: throw error
            case .row, .conflict, .resources, .stale: try self.rollBack()
            }
            throw error
        }
        try self.timed { () throws(SQLFailure) in
            guard mysql_commit(self.handle) == 0 else { throw MySQLFailure.ofCommit(self.handle) }
        }
    }

    private func rollBack() throws(SQLFailure) {
        guard mysql_rollback(self.handle) == 0 else { throw SQLFailure(.connection, MySQLFailure.text(self.handle)) }
        // The server warns of tables that cannot. One of a trigger's does not matter; that of the rows does.
        guard mysql_warning_count(self.handle) > 0, let failure = self.engineWithoutTransactions() else { return }
        throw SQLFailure(.unknown, failure.description)
    }

    private func insert(part: [MailRow]) throws(SQLFailure) {
        if self.usesArrays {
            return try self.statement(rows: 1).execute(arraysOf: BoundRows(part))
        }
        var rest = part[...]
        while !rest.isEmpty {
            let size =
                Self.groups.first { $0 <= rest.count && ($0 == 1 || self.driver.options.insert.isRepeatable) } ?? 1
            try self.statement(rows: size).execute(groupsOf: BoundRows(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
    }
}
#endif
