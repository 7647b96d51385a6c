#if SQLite
import GRDB
import GuerrillaBackend
public import Logging
import Synchronization

/// Keeps messages in an SQLite database: one row per message and one per recipient.
///
/// The writing side. A commit returns only when the messages have reached the disk: the database is in WAL mode with
/// `PRAGMA synchronous=EXTRA`, so one commit costs one `fsync`, which ``SQLiteGroupCommit`` shares among messages. For
/// reading, in this or another process, see ``SQLiteMessageReader``.
///
/// The calls block. They may come from any thread and wait for each other.
public final class SQLiteMessageStore: Sendable {
    private enum Connection {
        case open(SQLiteWriter)
        /// The connection was given up after an error; the next insert opens another.
        case broken
        case closed
    }

    private let connection: Mutex<Connection>
    private let busyTimeout: Duration
    private let logger: Logger

    /// The path given at creation.
    public let path: String

    /// Opens the database, creates it (mode 0600) if the file does not exist, and brings its schema up to date.
    ///
    /// What an unclean end has left in the `-wal` file is brought into the database and to the disk first. Where another program
    /// has the database in use for longer than `busyTimeout`, that is only tried, and the logger told.
    ///
    /// - Parameters:
    ///   - path: The database file. SQLite keeps two more files beside it, `-wal` and `-shm`. Their directory must exist.
    ///   - busyTimeout: How long to wait for a lock held by another program. The default is 5 seconds.
    ///   - logger: Where it says what the operator should know. The default says nothing.
    /// - Throws: ``SQLiteStoreError``.
    public init(
        path: String,
        busyTimeout: Duration = .seconds(5),
        logger: Logger = Logger(label: "guerrilla.sqlite") { _ in SwiftLogNoOpLogHandler() }
    ) throws {
        self.path = path
        self.busyTimeout = busyTimeout
        self.logger = logger
        let (writer, isSettled) = try Self.open(path: path, busyTimeout: busyTimeout)
        self.connection = Mutex(.open(writer))
        if !isSettled {
            logger.warning(
                """
                '\(path)' is in use by another program: what was left in '\(path)-wal' was not brought into the database. \
                After disk errors, end that program and start again
                """
            )
        }
    }

    /// Stores all the messages, or none, in one transaction.
    ///
    /// After an I/O error or when a file was removed, replaced or truncated, the connection is given up, and the next call opens it
    /// afresh.
    ///
    /// - Returns: The row ids, in the order of the messages.
    /// - Throws: ``GuerrillaBackend/CommitFailure`` around an ``SQLiteStoreError``: `.items` if a message violates a constraint (such as a
    ///   queued id that is already stored) or is larger than SQLite allows (10⁹ octets), `.store` otherwise.
    @discardableResult
    public func insert(_ messages: [StoredMessage]) throws -> [Int64] {
        try self.connection.withLock { connection in
            let writer: SQLiteWriter
            do {
                writer = try self.writer(&connection)
            } catch {
                throw CommitFailure.store(error)
            }
            do {
                let ids = try writer.insert(messages)
                if let failure = writer.checkpointFailure {
                    self.logger.error("the database is opened again after a checkpoint has failed: \(failure)")
                    self.giveUp(writer, &connection)
                }
                return ids
            } catch let error as DatabaseError {
                let failure = SQLiteStoreError(error, path: self.path)
                switch error.resultCode {
                case .SQLITE_CONSTRAINT, .SQLITE_TOOBIG, .SQLITE_MISMATCH:
                    throw CommitFailure.items(failure)
                case .SQLITE_FULL, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_NOMEM, .SQLITE_INTERRUPT:
                    // These leave the connection as it was.
                    throw CommitFailure.store(failure)
                default:
                    // After a sync that failed, this connection writes over what was not synced. Another one would take it
                    // over, message by message, and its sender sends each again.
                    if error.extendedResultCode != .SQLITE_IOERR_FSYNC { self.giveUp(writer, &connection) }
                    throw CommitFailure.store(failure)
                }
            } catch let change as OpenFiles.Change {
                throw CommitFailure.store(self.after(change, writer, &connection))
            } catch {
                self.giveUp(writer, &connection)
                throw CommitFailure.store(error)
            }
        }
    }

    /// Closes the database and removes the `-wal` and `-shm` files if no other program uses them. Later inserts fail.
    public func close() {
        self.connection.withLock { connection in
            if case .open(let writer) = connection { writer.prepareToClose() }
            // The deinitializer closes the connection; an error there is of no more interest, everything is committed.
            connection = .closed
        }
    }

    // MARK: - Connection

    private static func open(path: String, busyTimeout: Duration) throws -> (SQLiteWriter, isSettled: Bool) {
        try SQLiteFile.prepareForWriting(path)
        let isSettled = try SQLiteStoreError.translating(path: path) {
            try LogSettlement.run(path, within: busyTimeout, applicationID: SQLiteSchema.applicationID)
        }
        return (try SQLiteWriter(path: path, busyTimeout: busyTimeout), isSettled)
    }

    /// The connection, opened again if it was given up.
    private func writer(_ connection: inout Connection) throws -> SQLiteWriter {
        switch connection {
        case .open(let writer):
            return writer
        case .broken:
            let (writer, isSettled) = try Self.open(path: self.path, busyTimeout: self.busyTimeout)
            guard isSettled else { throw self.inUse }
            connection = .open(writer)
            return writer
        case .closed:
            throw SQLiteStoreError(.closed, "'\(self.path)' has been closed; no more messages can be stored")
        }
    }

    private func giveUp(_ writer: SQLiteWriter, _ connection: inout Connection) {
        writer.abandon()
        connection = .broken
    }

    /// What to do when a file is not what it was.
    private func after(
        _ change: OpenFiles.Change,
        _ writer: SQLiteWriter,
        _ connection: inout Connection
    ) -> SQLiteStoreError {
        if change.kind == .replaced {
            do {
                try writer.handOver()
            } catch let error as DatabaseError where WriteAheadLog.isBusy(error) {
                // Only this connection still has it all.
                return self.inUse
            } catch {
                self.logger.critical("messages that were acknowledged may be missing from '\(self.path)': \(error)")
            }
        }
        self.giveUp(writer, &connection)
        return SQLiteStoreError(.fileReplaced, change.description)
    }

    private var inUse: SQLiteStoreError {
        SQLiteStoreError(
            .busy,
            "'\(self.path)' is in use by another program, so it cannot be opened again; end what reads it for long"
        )
    }

    /// Runs `body` with the connection, for tests.
    func withDatabase<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try self.connection.withLock { try self.writer(&$0).queue }.writeWithoutTransaction(body)
    }
}
#endif
