#if Postgres
import CPostgres
import Glibc
import GuerrillaBackend
import GuerrillaSQL

/// A connection to a PostgreSQL server, in pipeline mode: a batch is sent as a whole, and is one transaction because one
/// Sync stands at its end.
///
/// `@unchecked Sendable`: the library's handle may be used by any thread, by one at a time, and the worker that owns the
/// connection sees to that.
final class PostgresConnection: SQLConnection, @unchecked Sendable {
    private static let statement = "guerrilla"

    let handle: OpaquePointer
    let driver: PostgresDriver
    private let purpose: SQLPurpose
    let limits: SQLTimeLimits
    /// Whether the server explains the statement, which looks at privileges as well, and does nothing else.
    private var explains = false

    init(_ driver: PostgresDriver, purpose: SQLPurpose) throws(SQLFailure) {
        self.driver = driver
        self.purpose = purpose
        self.limits = driver.options.limits(for: purpose)
        guard let handle = Self.connect(driver, self.limits) else { throw SQLFailure(.store, "libpq: no memory") }
        self.handle = handle
        do throws(SQLFailure) {
            guard PQstatus(handle) == CONNECTION_OK else {
                throw SQLFailure(.store, "cannot connect: \(PostgresFailure.text(handle))")
            }
            PQsetnonblocking(handle, 1)
            guard PQenterPipelineMode(handle) == 1 else { throw PostgresFailure.connection(handle) }
            try self.limitTimes()
            try self.prepare()
        } catch {
            self.close()
            throw error
        }
    }

    private static func connect(_ driver: PostgresDriver, _ limits: SQLTimeLimits) -> OpaquePointer? {
        var parameters = driver.source.parameters
        let limit = Int(limits.answer.components.seconds)
        // libpq takes 1 for 2, and 0 for no limit.
        let wanted = driver.source.connectTimeout.flatMap { $0 > 0 ? $0 : nil } ?? 10
        parameters["connect_timeout"] = Secret("\(max(2, min(wanted, limit)))")
        parameters["client_encoding"] = Secret("UTF8")
        if parameters["application_name"] == nil { parameters["application_name"] = Secret("guerrillad") }
        let names = parameters.keys.sorted()
        let keywords = names.map { strdup($0) }
        let values = names.map { strdup(parameters[$0]?.reveal() ?? "") }
        defer { for text in keywords + values { free(text) } }
        return PQconnectdbParams(
            keywords.map { $0.map { UnsafePointer($0) } } + [nil],
            values.map { $0.map { UnsafePointer($0) } } + [nil],
            0
        )
    }

    private func prepare() throws(SQLFailure) {
        guard let (text, count) = self.text else { return }
        try self.run(count: 1) { _ in PQsendPrepare(self.handle, Self.statement, text, 0, nil) == 1 }
        if self.purpose == .saving {
            // It may have been switched off for all that the database does. What is acknowledged has to be on the disk.
            try self.query(
                "SELECT set_config('synchronous_commit', 'local', false) WHERE current_setting('synchronous_commit') = 'off'"
            )
        }
        do throws(SQLFailure) {
            try self.query("EXPLAIN " + text, values: Array(repeating: nil, count: count))
            self.explains = true
        } catch {
            // Not everything that can be prepared can be explained; but who may not explain it may not do it.
            guard error.reach == .row, !error.description.contains(Self.insufficientPrivilege) else { throw error }
        }
    }

    private static let insufficientPrivilege = "SQLSTATE 42501"

    /// The statement of this connection and how many values it takes.
    private var text: (text: String, values: Int)? {
        switch self.purpose {
        case .saving: (self.driver.options.insert.single, MailRow.columns.count)
        case .validating: self.driver.options.query.map { ($0.text(for: .postgres), $0.valueCount) }
        }
    }

    func check() throws(SQLFailure) {
        guard let (text, count) = self.text else { return }
        if self.explains {
            try self.query("EXPLAIN " + text, values: Array(repeating: nil, count: count))
        } else {
            try self.run(count: 1) { _ in PQsendPrepare(self.handle, "", text, 0, nil) == 1 }
        }
    }

    var isAlive: Bool {
        guard PQstatus(self.handle) == CONNECTION_OK else { return false }
        var descriptor = pollfd(fd: PQsocket(self.handle), events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, 0) > 0 else { return true }
        // A notice, or the end.
        return PQconsumeInput(self.handle) == 1 && PQstatus(self.handle) == CONNECTION_OK
    }

    func close() {
        PQfinish(self.handle)
    }

    // MARK: - Statements

    func insert(_ rows: [MailRow]) throws(SQLFailure) {
        let columns = MailRow.columns.count
        let formats = (0..<columns).map { column -> Int32 in
            column == MailRow.mailColumn || column == MailRow.addressColumn ? 1 : 0
        }
        // Few rows at a time are copied out of messages, into the library's own buffer.
        var parts = rows.parts(count: 256, octets: 1 << 20).makeIterator()
        var bound = BoundRows([])
        var row = 0
        try self.run(count: rows.count) { _ in
            if row == bound.count {
                bound = parts.next().map { BoundRows($0) } ?? bound
                row = 0
            }
            defer { row += 1 }
            return bound.octets.withUnsafeBytes { octets in
                let ranges = bound.ranges[row * columns..<(row + 1) * columns]
                let start = octets.baseAddress?.assumingMemoryBound(to: CChar.self)
                let values = ranges.map { range in start.map { $0 + range.lowerBound } }
                let lengths = ranges.map { Int32(clamping: $0.count) }
                return PQsendQueryPrepared(self.handle, Self.statement, Int32(columns), values, lengths, formats, 1)
                    == 1
            }
        }
    }

    func find(_ recipients: [[String]]) throws(SQLFailure) -> [Bool] {
        var found: [Bool] = []
        do throws(SQLFailure) {
            try self.run(count: recipients.count) { index in
                self.send(recipients[index]) { values in
                    PQsendQueryPrepared(self.handle, Self.statement, Int32(values.count), values, nil, nil, 0)
                }
            } result: {
                found.append(PQntuples($0) > 0)
            }
        } catch {
            // There was nothing to commit.
            throw error.reach == .unknown ? SQLFailure(.connection, error.description) : error
        }
        return found
    }

    /// Runs one statement.
    /// - Returns: Its rows.
    @discardableResult
    func query(_ text: String, values: [String?] = []) throws(SQLFailure) -> [[String]] {
        var rows: [[String]] = []
        try self.run(count: 1) { _ in
            self.send(values) { values in
                PQsendQueryParams(self.handle, text, Int32(values.count), nil, values, nil, nil, 0)
            }
        } result: { result in
            rows = (0..<PQntuples(result)).map { row in
                (0..<PQnfields(result)).map { PQgetvalue(result, row, $0).map { String(cString: $0) } ?? "" }
            }
        }
        return rows
    }

    private func send(_ texts: [String?], _ body: ([UnsafePointer<CChar>?]) -> Int32) -> Bool {
        let texts = texts.map { $0.flatMap { strdup($0) } }
        defer { for text in texts { free(text) } }
        return body(texts.map { $0.map { UnsafePointer($0) } }) == 1
    }

    // MARK: - The pipeline

    /// Sends commands and a Sync, and reads their results: all of them are done, or none.
    /// - Parameters:
    ///   - count: Number of commands.
    ///   - send: Sends one of them; false when that cannot be done.
    ///   - result: Is given each result.
    private func run(
        count: Int,
        send: (Int) -> Bool,
        result: (OpaquePointer) -> Void = { _ in }
    ) throws(SQLFailure) {
        let deadline = ContinuousClock.now + self.limits.answer
        for index in 0..<count {
            guard send(index) else { throw PostgresFailure.connection(self.handle) }
        }
        // From here on the server may commit without our hearing of it.
        guard PQpipelineSync(self.handle) == 1 else { throw PostgresFailure.connection(self.handle) }
        try self.flush(deadline)
        var failure: SQLFailure?
        var done = 0
        var hasEndOfCommit = false
        while true {
            guard let next = try self.nextResult(deadline) else {
                // The end of one command's results; behind the last one that of a commit, which has some only when it has failed.
                if done < count {
                    done += 1
                } else {
                    guard failure != nil, !hasEndOfCommit else { throw PostgresFailure.unknown(self.handle) }
                    hasEndOfCommit = true
                }
                continue
            }
            defer { PQclear(next) }
            switch PQresultStatus(next) {
            case PGRES_PIPELINE_SYNC:
                if let failure { throw failure }
                guard done == count else { throw PostgresFailure.unknown(self.handle) }
                return
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
                result(next)
            case PGRES_PIPELINE_ABORTED:
                break
            default:
                // With all commands done, the error is that of the commit.
                failure = failure ?? PostgresFailure.of(next, inCommit: done == count)
                if PQstatus(self.handle) != CONNECTION_OK, let failure { throw failure }
            }
        }
    }

    private func flush(_ deadline: ContinuousClock.Instant) throws(SQLFailure) {
        while true {
            switch PQflush(self.handle) {
            case 0: return
            case 1: try self.wait(for: POLLIN | POLLOUT, deadline)
            default: throw PostgresFailure.unknown(self.handle)
            }
            // The server may be waiting for us to read.
            guard PQconsumeInput(self.handle) == 1 else { throw PostgresFailure.unknown(self.handle) }
        }
    }

    /// The next result, nil at the end of those of one command.
    private func nextResult(_ deadline: ContinuousClock.Instant) throws(SQLFailure) -> OpaquePointer? {
        while PQisBusy(self.handle) == 1 {
            try self.wait(for: POLLIN, deadline)
            guard PQconsumeInput(self.handle) == 1 else {
                // What the server said before it closed tells more than that it closed.
                return PQgetResult(self.handle)
            }
        }
        return PQgetResult(self.handle)
    }

    private func wait(for events: Int32, _ deadline: ContinuousClock.Instant) throws(SQLFailure) {
        var descriptor = pollfd(fd: PQsocket(self.handle), events: Int16(truncatingIfNeeded: events), revents: 0)
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else {
            self.cancel()
            throw SQLFailure(.unknown, "no answer in time")
        }
        let (seconds, attoseconds) = left.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000 + 1
        // A time-out or a signal: the caller looks again, and the deadline ends it.
        _ = poll(&descriptor, 1, Int32(clamping: milliseconds))
    }
}
#endif
