public import GuerrillaBackend

extension SQLProcessor {
    /// `sql_driver`
    public static let driver = ConfigurationKey(
        "sql_driver",
        .string,
        isRequired: true,
        origin: .goGuerrilla,
        allowedValues: SQLDialect.allCases.map(\.rawValue),
        summary: "The kind of database."
    )

    /// `sql_dsn`
    public static let dataSource = ConfigurationKey(
        "sql_dsn",
        .string,
        isRequired: true,
        isSecret: true,
        origin: .goGuerrilla,
        summary:
            "The data source name, in the form of the Go driver of that database: `user:password@tcp(127.0.0.1:3306)/mail`, "
            + "`postgres://user:password@127.0.0.1/mail`, `mail.db`."
    )

    /// `mail_table`
    public static let table = ConfigurationKey(
        "mail_table",
        .string,
        isRequired: true,
        origin: .goGuerrilla,
        summary: "The table messages are stored in; `guerrillad schema` prints the statement that creates it."
    )

    /// `sql_insert`
    public static let insert = ConfigurationKey(
        "sql_insert",
        .string,
        origin: .goGuerrilla,
        usesDefaultWhenWrong: true,
        summary: "The head of the INSERT statement, up to `VALUES`, in place of the built-in one."
    )

    /// `sql_values`
    public static let values = ConfigurationKey(
        "sql_values",
        .string,
        origin: .goGuerrilla,
        usesDefaultWhenWrong: true,
        summary:
            "The group of values of the INSERT statement, with 14 `?`, in place of the built-in one. What stands behind its "
            + "closing parenthesis stays there."
    )

    /// `sql_validate`
    public static let validateQuery = ConfigurationKey(
        "sql_validate",
        .string,
        summary:
            "The query that says whether a recipient exists, for `sql` in `validate_process`: it does when there is a row. `?` or "
            + "`:address` stands for the address, `:local` and `:domain` for its parts. Without it every recipient exists."
    )

    /// `sql_max_open_conns`
    public static let maximumConnections = ConfigurationKey(
        "sql_max_open_conns",
        .integer,
        unit: "connections",
        default: .described("`save_workers_size`"),
        origin: .goGuerrilla,
        range: 1...1024,
        zeroMeansDefault: true,
        usesDefaultWhenWrong: true,
        summary: "The most connections that messages are stored over at once; `save_workers_size` is a limit as well."
    )

    /// `sql_max_idle_conns`
    public static let maximumIdleConnections = ConfigurationKey(
        "sql_max_idle_conns",
        .integer,
        unit: "connections",
        default: .described("all of them"),
        origin: .goGuerrilla,
        range: 1...1024,
        zeroMeansDefault: true,
        usesDefaultWhenWrong: true,
        summary: "How many connections stay open when there is nothing to do."
    )

    /// `sql_max_conn_lifetime`
    public static let connectionLifetime = ConfigurationKey(
        "sql_max_conn_lifetime",
        .duration,
        default: .described("for ever"),
        origin: .goGuerrilla,
        range: 0...31_536_000_000_000_000,
        usesDefaultWhenWrong: true,
        summary: "How long a connection is used before another takes its place. `0s` is for ever."
    )

    /// `sql_batch_size`
    public static let batchSize = ConfigurationKey(
        "sql_batch_size",
        .integer,
        unit: "messages",
        default: .integer(256),
        range: 1...10_000,
        summary: "The most messages in one commit."
    )

    static let keys = [
        driver, dataSource, table, insert, values, validateQuery, maximumConnections, maximumIdleConnections,
        connectionLifetime, batchSize,
    ]
}
