public import GuerrillaBackend
import GuerrillaFastCGI
import GuerrillaMaildir
import GuerrillaProcessors
import GuerrillaRedis

#if Compression
import GuerrillaCompression
#endif
#if Hashing
import GuerrillaHashing
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
        #endif
        #if Compression
        registry.register(CompressorProcessor.description)
        #endif
        registry.register(RedisProcessor.description)
        #if SQLite
        registry.register(SQLiteProcessor.description)
        #endif
        return registry
    }
}
