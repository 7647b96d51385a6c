public import GuerrillaBackend
import GuerrillaFastCGI
import GuerrillaMaildir
import GuerrillaProcessors
import GuerrillaRedis
import GuerrillaSQL

#if Compression
import GuerrillaCompression
#endif
#if Hashing
import GuerrillaHashing
#endif
#if MySQL
import GuerrillaMySQL
#endif
#if Postgres
import GuerrillaPostgres
#endif
#if SQLite
import GuerrillaSQLite
#endif

extension ProcessorRegistry {
    /// All processors that this package was built with.
    public static var standard: ProcessorRegistry {
        var registry = ProcessorRegistry(BuiltInProcessors.all)
        registry.register(MaildirProcessor.description)
        registry.register(FastCGIProcessor.description)
        #if Hashing
        registry.register(HasherProcessor.description)
        #else
        registry.registerMissing("Hasher", traits: ["Hashing"])
        #endif
        #if Compression
        registry.register(CompressorProcessor.description)
        #else
        registry.registerMissing("Compressor", traits: ["Compression"])
        #endif
        registry.register(RedisProcessor.description)
        #if SQLite
        registry.register(SQLiteProcessor.description)
        #else
        registry.registerMissing("sqlite", traits: ["SQLite"])
        #endif
        let sql = SQLProcessor.description(drivers: self.sqlDrivers)
        registry.register(sql)
        #if Hashing && Compression
        registry.register(GuerrillaRedisDBProcessor.description(sql: sql))
        #else
        registry.registerMissing("guerrillaredisdb", traits: ["Hashing", "Compression"])
        #endif
        return registry
    }

    /// The databases that the processor `sql` was built for.
    private static var sqlDrivers: [SQLDriverDescription] {
        var drivers: [SQLDriverDescription] = []
        #if MySQL
        drivers.append(MySQLDriver.description)
        #endif
        #if Postgres
        drivers.append(PostgresDriver.description)
        #endif
        #if SQLite
        drivers.append(SQLite3Driver.description)
        #endif
        return drivers
    }
}
