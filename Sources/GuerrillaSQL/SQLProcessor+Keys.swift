package import GuerrillaBackend

extension SQLProcessor {
    /// The settings as they stand in `backend_config`.
    package struct Keys: ProcessorSettings {
        package var dialect: SQLDialect?
        package var dataSource: Secret?
        package var table: String = ""
        package var insert: String?
        package var values: String?
        package var validateQuery: String?
        package var maximumConnections: Int?
        package var maximumIdleConnections: Int?
        package var connectionLifetime: Duration?
        package var batchSize: Int = 256

        static let driver: Key<Keys, SQLDialect?> = Key(
            "sql_driver",
            \.dialect,
            .optional(ValueForm<SQLDialect>.choice),
            isRequired: true,
            origin: .goGuerrilla,
            summary: "The kind of database."
        )
        static let dataSource: Key<Keys, Secret?> = Key(
            "sql_dsn",
            \.dataSource,
            .optional(.secret),
            isRequired: true,
            isSecret: true,
            origin: .goGuerrilla,
            summary:
                "The data source name, in the form of the Go driver of that database: `user:password@tcp(127.0.0.1:3306)/mail`, "
                + "`postgres://user:password@127.0.0.1/mail`, `mail.db`."
        )
        static let table: Key<Keys, String> = Key(
            "mail_table",
            \.table,
            .text,
            isRequired: true,
            origin: .goGuerrilla,
            summary: "The table messages are stored in; `guerrillad schema` prints the statement that creates it."
        )
        static let insert: Key<Keys, String?> = Key(
            "sql_insert",
            \.insert,
            .optional(.nonEmpty(.text)),
            origin: .goGuerrilla,
            usesDefaultWhenWrong: true,
            summary: "The head of the INSERT statement, up to `VALUES`, in place of the built-in one."
        )
        static let values: Key<Keys, String?> = Key(
            "sql_values",
            \.values,
            .optional(.nonEmpty(.text)),
            origin: .goGuerrilla,
            usesDefaultWhenWrong: true,
            summary:
                "The group of values of the INSERT statement, with 14 `?`, in place of the built-in one. What stands behind its "
                + "closing parenthesis stays there."
        )
        static let validateQuery: Key<Keys, String?> = Key(
            "sql_validate",
            \.validateQuery,
            .optional(.nonEmpty(.text)),
            summary:
                "The query that says whether a recipient exists, for `sql` in `validate_process`: it does when there is a row. `?` or "
                + "`:address` stands for the address, `:local` and `:domain` for its parts. Without it every recipient exists."
        )
        static let maximumConnections: Key<Keys, Int?> = Key(
            "sql_max_open_conns",
            \.maximumConnections,
            .optional(.integer),
            unit: "connections",
            default: .described("`save_workers_size`"),
            origin: .goGuerrilla,
            range: 1...1024,
            zeroMeansDefault: true,
            usesDefaultWhenWrong: true,
            summary:
                "The most connections that messages are stored over at once; `save_workers_size` is a limit as well."
        )
        static let maximumIdleConnections: Key<Keys, Int?> = Key(
            "sql_max_idle_conns",
            \.maximumIdleConnections,
            .optional(.integer),
            unit: "connections",
            default: .described("all of them"),
            origin: .goGuerrilla,
            range: 1...1024,
            zeroMeansDefault: true,
            usesDefaultWhenWrong: true,
            summary: "How many connections stay open when there is nothing to do."
        )
        static let connectionLifetime: Key<Keys, Duration?> = Key(
            "sql_max_conn_lifetime",
            \.connectionLifetime,
            .optional(.duration),
            default: .described("for ever"),
            origin: .goGuerrilla,
            range: 0...31_536_000_000_000_000,
            usesDefaultWhenWrong: true,
            summary: "How long a connection is used before another takes its place. `0s` is for ever."
        )
        static let batchSize: Key<Keys, Int> = Key(
            "sql_batch_size",
            \.batchSize,
            .integer,
            unit: "messages",
            range: 1...10_000,
            summary: "The most messages in one commit."
        )

        package static let defaults = Keys()
        package static let rows: [any ConfigurationRow<Keys>] = [
            driver, dataSource, table, insert, values, validateQuery, maximumConnections, maximumIdleConnections,
            connectionLifetime, batchSize,
        ]

        /// The file of a database that is one.
        package var resources: [ProcessorResource] {
            guard self.dialect == .sqlite3, let text = self.dataSource?.reveal(),
                let source = try? SQLiteDataSource(text)
            else { return [] }
            return [ProcessorResource(.database, at: source.path, key: Self.dataSource.name, keepsMessages: true)]
        }
    }
}
