public import GuerrillaBackend

extension SQLProcessor {
    /// The processor for a registry, by the name `sql`, and by its old one, `mysql`.
    /// - Parameter drivers: The databases it can use.
    public static func description(drivers: [SQLDriverDescription]) -> ProcessorDescription {
        var description = ProcessorDescription("sql", SQLProcessor.self, settings: Keys.self, aliases: ["mysql"]) {
            context,
            keys in
            try SQLProcessor(keys, context, drivers: drivers)
        }
        description.reads = [.header, .deliveryHeader, .hashes, .compressedMessage]
        description.usesLineEndings = true
        description.redact = { text, key, values in
            guard key.name == Keys.dataSource.name else { return Redaction.mark }
            let name: String? = if case .string(let name)? = values[Keys.driver.name] { name } else { nil }
            return DataSourceRedaction.redacted(text, of: name.flatMap { SQLDialect(rawValue: $0.lowercased()) })
        }
        return description
    }

    /// Creates the processor that a configuration describes.
    convenience init(_ keys: Keys, _ context: ProcessorContext, drivers: [SQLDriverDescription]) throws {
        guard let dialect = keys.dialect, let dataSource = keys.dataSource else {
            throw Self.error(Keys.driver, "required, but not set")
        }
        guard let driver = drivers.first(where: { $0.dialect == dialect }) else {
            throw Self.error(Keys.driver, "this program was built without support for \(dialect.rawValue)")
        }
        guard let table = SQLName(keys.table) else {
            throw Self.error(
                Keys.table,
                "expected a table's name of letters, digits, `_`, `$` and `-`, perhaps with its schema and a dot in front"
            )
        }
        let insert: InsertStatement
        do throws(InsertStatement.Unusable) {
            insert = try InsertStatement(
                table: table,
                head: keys.insert,
                values: keys.values,
                dialect: driver.dialect
            )
        } catch {
            throw ConfigurationError(keyPath: "backend_config.\(error.key)", message: error.reason)
        }
        var settings = Settings()
        if let text = keys.validateQuery {
            guard let query = RecipientQuery(text) else {
                throw Self.error(
                    Keys.validateQuery,
                    "nothing in it stands for the recipient; write `?` where the address goes"
                )
            }
            settings.query = query
        }
        settings.connections = min(context.saveWorkers, keys.maximumConnections ?? context.saveWorkers)
        settings.idleConnections = keys.maximumIdleConnections ?? .max
        settings.lifetime = keys.connectionLifetime.flatMap { $0 > .zero ? $0 : nil }
        settings.limits.batchItems = keys.batchSize
        settings.lineEndings = context.storedLineEndings
        settings.mailHost = context.primaryMailHost

        let options = SQLDriverOptions(
            dataSource: dataSource,
            insert: insert,
            query: settings.query,
            saveTimeout: context.saveTimeout,
            validateTimeout: context.validateTimeout,
            logger: context.logger
        )
        settings.savingPatience = options.savingLimits.patience
        settings.validatingPatience = options.validatingLimits.patience
        do throws(DataSourceError) {
            self.init(driver: try driver.make(options), settings: settings, logger: context.logger)
        } catch {
            throw Self.error(Keys.dataSource, error.description)
        }
    }

    private static func error<Value>(_ key: Key<Keys, Value>, _ message: String) -> ConfigurationError {
        ConfigurationError(keyPath: "backend_config.\(key.name)", message: message)
    }
}
