#if MySQL
import CMariaDB
import GuerrillaSQL

/// A prepared statement; closed with its last reference, which must go before the connection is closed.
final class MySQLStatement {
    private let statement: UnsafeMutablePointer<MYSQL_STMT>

    init(_ handle: UnsafeMutablePointer<MYSQL>, _ text: String) throws(SQLFailure) {
        guard let statement = mysql_stmt_init(handle) else { throw MySQLFailure.of(handle) }
        self.statement = statement
        guard mysql_stmt_prepare(statement, text, UInt(text.utf8.count)) == 0 else {
            throw MySQLFailure.ofPreparing(statement)
        }
    }

    deinit {
        mysql_stmt_close(self.statement)
    }

    var parameterCount: Int { Int(mysql_stmt_param_count(self.statement)) }

    /// Executes with rows bound as arrays: column by column, an array of addresses and one of lengths.
    func execute(arraysOf rows: BoundRows) throws(SQLFailure) {
        var count = UInt32(rows.count)
        mysql_stmt_attr_set(self.statement, STMT_ATTR_ARRAY_SIZE, &count)
        let columns = MailRow.columns.count
        let cells = rows.count * columns
        let pointers = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: cells)
        let lengths = UnsafeMutablePointer<UInt>.allocate(capacity: cells)
        let flags = UnsafeMutablePointer<Int8>.allocate(capacity: rows.count)
        defer {
            pointers.deallocate()
            lengths.deallocate()
            flags.deallocate()
        }
        try self.withOctets(of: rows) { octets throws(SQLFailure) in
            for row in 0..<rows.count {
                for column in 0..<columns {
                    let range = rows.ranges[row * columns + column]
                    pointers[column * rows.count + row] = octets + range.lowerBound
                    lengths[column * rows.count + row] = UInt(range.count)
                }
                flags[row] = rows.flag(inRow: row) ? 1 : 0
            }
            let binds = (0..<columns).map { column in
                var bind = MYSQL_BIND()
                bind.buffer_type = Self.type(ofColumn: column)
                if column == MailRow.flagColumn {
                    bind.buffer = UnsafeMutableRawPointer(flags)
                } else {
                    bind.buffer = UnsafeMutableRawPointer(pointers + column * rows.count)
                    bind.length = lengths + column * rows.count
                }
                return bind
            }
            try self.execute(binds)
        }
    }

    /// Executes a statement that has a group of placeholders for each row.
    func execute(groupsOf rows: BoundRows) throws(SQLFailure) {
        let columns = MailRow.columns.count
        let lengths = UnsafeMutablePointer<UInt>.allocate(capacity: rows.ranges.count)
        let flags = UnsafeMutablePointer<Int8>.allocate(capacity: rows.count)
        defer {
            lengths.deallocate()
            flags.deallocate()
        }
        try self.withOctets(of: rows) { octets throws(SQLFailure) in
            for row in 0..<rows.count { flags[row] = rows.flag(inRow: row) ? 1 : 0 }
            let binds = rows.ranges.indices.map { cell in
                let range = rows.ranges[cell]
                var bind = MYSQL_BIND()
                bind.buffer_type = Self.type(ofColumn: cell % columns)
                if cell % columns == MailRow.flagColumn {
                    bind.buffer = UnsafeMutableRawPointer(flags + cell / columns)
                } else {
                    lengths[cell] = UInt(range.count)
                    bind.buffer = octets + range.lowerBound
                    bind.buffer_length = UInt(range.count)
                    bind.length = lengths + cell
                }
                return bind
            }
            try self.execute(binds)
        }
    }

    /// Whether the query has a row for these texts.
    func hasRow(_ texts: [String]) throws(SQLFailure) -> Bool {
        guard texts.count == self.parameterCount else {
            throw SQLFailure(.store, "the query has \(self.parameterCount) placeholders for \(texts.count) values")
        }
        var octets = texts.flatMap { Array($0.utf8) }
        octets.append(0)
        var lengths = texts.map { UInt($0.utf8.count) }
        let failure = octets.withUnsafeMutableBytes { octets in
            lengths.withUnsafeMutableBufferPointer { lengths in
                var offset = 0
                var binds = (0..<texts.count).map { index in
                    var bind = MYSQL_BIND()
                    bind.buffer_type = MYSQL_TYPE_STRING
                    bind.buffer = octets.baseAddress.map { $0 + offset }
                    bind.buffer_length = lengths[index]
                    bind.length = lengths.baseAddress.map { $0 + index }
                    offset += Int(lengths[index])
                    return bind
                }
                return self.run(&binds)
            }
        }
        if let failure { throw failure }
        defer { mysql_stmt_free_result(self.statement) }
        guard mysql_stmt_store_result(self.statement) == 0 else { throw MySQLFailure.ofExecuting(self.statement) }
        return mysql_stmt_num_rows(self.statement) > 0
    }

    private func execute(_ binds: [MYSQL_BIND]) throws(SQLFailure) {
        var binds = binds
        if let failure = self.run(&binds) { throw failure }
    }

    private func run(_ binds: inout [MYSQL_BIND]) -> SQLFailure? {
        guard mysql_stmt_bind_param(self.statement, &binds) == 0, mysql_stmt_execute(self.statement) == 0 else {
            return MySQLFailure.ofExecuting(self.statement)
        }
        return nil
    }

    /// The library takes addresses of octets it may write, and does not write to those of parameters.
    private func withOctets(
        of rows: BoundRows,
        _ body: (UnsafeMutableRawPointer) throws(SQLFailure) -> Void
    ) throws(SQLFailure) {
        var failure: SQLFailure?
        rows.octets.withUnsafeBytes { octets in
            guard let start = octets.baseAddress else { return }
            do throws(SQLFailure) {
                try body(UnsafeMutableRawPointer(mutating: start))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private static func type(ofColumn column: Int) -> enum_field_types {
        switch column {
        case MailRow.flagColumn: MYSQL_TYPE_TINY
        case MailRow.mailColumn, MailRow.addressColumn: MYSQL_TYPE_BLOB
        default: MYSQL_TYPE_STRING
        }
    }
}
#endif
