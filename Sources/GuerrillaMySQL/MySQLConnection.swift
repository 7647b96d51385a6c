#if MySQL
import CMariaDB
import Glibc
import GuerrillaBackend
import GuerrillaSQL

/// A connection to a MySQL or MariaDB server.
///
/// `@unchecked Sendable`: the library's handles may be used by any thread, by one at a time, and the worker that owns the
/// connection sees to that.
final class MySQLConnection: SQLConnection, @unchecked Sendable {
    let handle: UnsafeMutablePointer<MYSQL>
    let driver: MySQLDriver
    let limits: SQLTimeLimits
    private let purpose: SQLPurpose
    /// Statements by the number of rows they take; array binding takes any number and stands under 1.
    private var inserts: [Int: MySQLStatement] = [:]
    private var query: MySQLStatement?
    let isMariaDB: Bool
    /// Whether several rows are bound as arrays.
    let usesArrays: Bool
    /// Octets of rows that one statement may carry.
    let statementOctets: Int
    /// What the server calls this connection.
    let thread: UInt
    /// Our end of it, with a colon in front; for a Unix socket, what the server calls all of those.
    let localPort: String

    init(_ driver: MySQLDriver, purpose: SQLPurpose) throws(SQLFailure) {
        guard let handle = mysql_init(nil) else { throw SQLFailure(.store, "libmariadb: no memory") }
        self.handle = handle
        self.driver = driver
        self.purpose = purpose
        self.limits = driver.options.limits(for: purpose)
        let failure = Self.connect(handle, driver, timeout: self.limits.answer)
        guard failure == nil else {
            mysql_close(handle)
            throw failure ?? SQLFailure(.store, "not connected")
        }
        self.thread = mysql_thread_id(handle)
        self.localPort = SocketPort.local(of: mysql_get_socket(handle)).map { ":\($0)" } ?? "localhost"
        self.isMariaDB = mariadb_connection(handle) != 0
        self.usesArrays =
            driver.grouping == .automatic && self.isMariaDB && mysql_get_server_version(handle) >= 100_206
        // Half of what the server takes leaves room for everything around the octets.
        let packet = Self.scalar(handle, "SELECT @@max_allowed_packet").flatMap { Int($0) } ?? 16 << 20
        self.statementOctets = max(65_536, min(packet / 2, 16 << 20))
        do throws(SQLFailure) {
            try self.prepare()
        } catch {
            self.close()
            throw error
        }
    }

    private func prepare() throws(SQLFailure) {
        let source = self.driver.source
        if let collation = source.collation, collation.hasPrefix("utf8mb4") {
            try self.execute("SET NAMES utf8mb4 COLLATE \(collation)")
        }
        for variable in source.variables {
            try self.execute("SET \(variable.name)=\(variable.value)")
        }
        try self.limitTimes()
        switch self.purpose {
        case .saving:
            // Without it a server may cut what does not fit into a column, and say that all is well.
            try self.execute("SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',STRICT_ALL_TABLES')")
            try self.execute("SET autocommit=0")
            _ = try self.statement(rows: 1)
            if let failure = self.engineWithoutTransactions() { throw failure }
        case .validating:
            guard let query = self.driver.options.query else { break }
            self.query = try MySQLStatement(self.handle, query.text(for: .mysql))
        }
    }

    /// Prepares the statement anew, for which the server looks at the table and at our privileges.
    func check() throws(SQLFailure) {
        switch self.purpose {
        case .saving:
            _ = try MySQLStatement(self.handle, self.driver.options.insert.single)
        case .validating:
            guard let query = self.driver.options.query else { break }
            _ = try MySQLStatement(self.handle, query.text(for: .mysql))
        }
    }

    /// The statement that inserts this many rows.
    func statement(rows: Int) throws(SQLFailure) -> MySQLStatement {
        if let statement = self.inserts[rows] { return statement }
        let insert = self.driver.options.insert
        let statement = try MySQLStatement(self.handle, rows == 1 ? insert.single : insert.text(rows: rows))
        guard statement.parameterCount == rows * MailRow.columns.count else {
            throw SQLFailure(.store, "the INSERT statement has not \(MailRow.columns.count) placeholders for a row")
        }
        self.inserts[rows] = statement
        return statement
    }

    var isAlive: Bool {
        // A server that has gone has closed the connection, and perhaps said so: in either case there is something to read.
        var octet: UInt8 = 0
        let count = recv(mysql_get_socket(self.handle), &octet, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
    }

    func close() {
        self.inserts = [:]
        self.query = nil
        mysql_close(self.handle)
    }

    func find(_ recipients: [[String]]) throws(SQLFailure) -> [Bool] {
        guard let query = self.query else { throw SQLFailure(.store, "there is no query for recipients") }
        var found: [Bool] = []
        for values in recipients { found.append(try self.timed { () throws(SQLFailure) in try query.hasRow(values) }) }
        return found
    }

    /// Does something that the server answers. If the answer does not come in time, the server is asked to end what it waits for.
    func timed<Value>(_ work: () throws(SQLFailure) -> Value) throws(SQLFailure) -> Value {
        let begin = ContinuousClock.now
        do throws(SQLFailure) {
            return try work()
        } catch {
            let limit = min(self.driver.source.readTimeout ?? self.limits.answer, self.limits.answer)
            let isLate = ContinuousClock.now - begin > limit / 2
            if isLate, error.reach == .connection || error.reach == .unknown { self.kill() }
            throw error
        }
    }

    func execute(_ statement: String) throws(SQLFailure) {
        guard mysql_real_query(self.handle, statement, UInt(statement.utf8.count)) != 0 else { return }
        throw MySQLFailure.of(self.handle)
    }

    func scalar(_ query: String) -> String? { Self.scalar(self.handle, query) }

    static func scalar(_ handle: UnsafeMutablePointer<MYSQL>, _ query: String) -> String? {
        guard mysql_real_query(handle, query, UInt(query.utf8.count)) == 0, let result = mysql_store_result(handle)
        else { return nil }
        defer { mysql_free_result(result) }
        return mysql_fetch_row(result)?[0].map { String(cString: $0) }
    }

    // MARK: - Connecting

    static func connect(
        _ handle: UnsafeMutablePointer<MYSQL>,
        _ driver: MySQLDriver,
        timeout limit: Duration
    ) -> SQLFailure? {
        let source = driver.source
        self.set(MYSQL_OPT_CONNECT_TIMEOUT, min(source.connectTimeout ?? .seconds(10), limit).wholeSeconds, handle)
        self.set(MYSQL_OPT_READ_TIMEOUT, min(source.readTimeout ?? limit, limit).wholeSeconds, handle)
        self.set(MYSQL_OPT_WRITE_TIMEOUT, min(source.writeTimeout ?? limit, limit).wholeSeconds, handle)
        // A server must not be able to ask for our files.
        self.set(MYSQL_OPT_LOCAL_INFILE, 0, handle)
        mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4")
        var packet: UInt = 1 << 30
        mysql_options(handle, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet)
        self.setTLS(source, handle)

        let host: String?
        let port: UInt32
        let socket: String?
        switch source.address {
        case .tcp(let name, let number):
            (host, port, socket) = (name, UInt32(number), nil)
            self.set(MYSQL_OPT_PROTOCOL, UInt32(MYSQL_PROTOCOL_TCP.rawValue), handle)
        case .unix(let path):
            (host, port, socket) = (nil, 0, path)
            self.set(MYSQL_OPT_PROTOCOL, UInt32(MYSQL_PROTOCOL_SOCKET.rawValue), handle)
        }
        let database = source.database.isEmpty ? nil : source.database
        let connected = mysql_real_connect(
            handle,
            host,
            source.user,
            source.password.reveal(),
            database,
            port,
            socket,
            0
        )
        guard connected == nil else { return nil }
        return SQLFailure(.store, "cannot connect: \(MySQLFailure.text(handle))")
    }

    private static func setTLS(_ source: MySQLDataSource, _ handle: UnsafeMutablePointer<MYSQL>) {
        guard source.tls != .off else { return }
        for (option, path) in [
            (MYSQL_OPT_SSL_CA, source.tlsAuthorities), (MYSQL_OPT_SSL_CERT, source.tlsCertificate),
            (MYSQL_OPT_SSL_KEY, source.tlsKey),
        ] {
            if let path { mysql_options(handle, option, path) }
        }
        // An `SSL` option alone asks for encryption where there is some; ENFORCE insists.
        var enforce = CChar(source.tls == .preferred ? 0 : 1)
        mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &enforce)
        var verify = CChar(source.tls == .verified ? 1 : 0)
        mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify)
    }

    private static func set(_ option: mysql_option, _ value: UInt32, _ handle: UnsafeMutablePointer<MYSQL>) {
        var value = value
        mysql_options(handle, option, &value)
    }
}

extension Duration {
    /// Rounded up, at least one: the library counts in whole seconds, and takes 0 for no limit.
    var wholeSeconds: UInt32 {
        let (seconds, attoseconds) = self.components
        return UInt32(clamping: max(1, seconds + (attoseconds > 0 ? 1 : 0)))
    }
}
#endif
