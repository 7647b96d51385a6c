public import GuerrillaBackend

extension SQLProcessor {
    /// The processor for a registry, by the name `sql`, and by its old one, `mysql`.
    /// - Parameter drivers: The databases it can use.
    public static func description(drivers: [SQLDriverDescription]) -> ProcessorDescription {
        ProcessorDescription("sql", SQLProcessor.self, aliases: ["mysql"], configurationKeys: self.keys) { context in
            try SQLProcessor(context, drivers: drivers)
        }
    }

    /// Creates the processor that a configuration describes.
    convenience init(_ context: ProcessorContext, drivers: [SQLDriverDescription]) throws {
        let configuration = context.configuration
        let name = try configuration.requiredString(Self.driver)
        guard let driver = drivers.first(where: { $0.dialect.rawValue == name }) else {
            throw Self.error(Self.driver, "this program was built without support for \(name)")
        }
        guard let table = SQLName(try configuration.requiredString(Self.table)) else {
            throw Self.error(
                Self.table,
                "expected a table's name of letters, digits, `_`, `$` and `-`, perhaps with its schema and a dot in front"
            )
        }
        let insert: InsertStatement
        do throws(InsertStatement.Unusable) {
            insert = try InsertStatement(
                table: table,
                head: try? configuration.string(Self.insert).nonEmpty,
                values: try? configuration.string(Self.values).nonEmpty,
                dialect: driver.dialect
            )
        } catch {
            throw ConfigurationError(keyPath: "backend_config.\(error.key)", message: error.reason)
        }
        var settings = Settings()
        if let text = try configuration.string(Self.validateQuery).nonEmpty {
            guard let query = RecipientQuery(text) else {
                throw Self.error(
                    Self.validateQuery,
                    "nothing in it stands for the recipient; write `?` where the address goes"
                )
            }
            settings.query = query
        }
        settings.connections = min(
            context.saveWorkers,
            try configuration.integer(Self.maximumConnections) ?? context.saveWorkers
        )
        settings.idleConnections = try configuration.integer(Self.maximumIdleConnections) ?? .max
        settings.lifetime = try configuration.duration(Self.connectionLifetime).flatMap { $0 > .zero ? $0 : nil }
        settings.limits.batchItems = try configuration.requiredInteger(Self.batchSize)
        settings.lineEndings = context.storedLineEndings
        settings.mailHost = context.primaryMailHost

        let options = SQLDriverOptions(
            dataSource: try configuration.requiredSecret(Self.dataSource),
            insert: insert,
            query: settings.query,
            saveTimeout: context.saveTimeout,
            validateTimeout: context.validateTimeout
        )
        settings.savingPatience = options.savingLimits.patience
        settings.validatingPatience = options.validatingLimits.patience
        do throws(DataSourceError) {
            self.init(driver: try driver.make(options), settings: settings, logger: context.logger)
        } catch {
            throw Self.error(Self.dataSource, error.description)
        }
    }

    private static func error(_ key: ConfigurationKey, _ message: String) -> ConfigurationError {
        ConfigurationError(keyPath: "backend_config.\(key.name)", message: message)
    }
}

extension String? {
    fileprivate var nonEmpty: String? { self?.isEmpty == false ? self : nil }
}
