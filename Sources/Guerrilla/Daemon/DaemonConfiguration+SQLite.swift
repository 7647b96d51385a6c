#if SQLite
import GuerrillaBackend
import GuerrillaSQLite

extension DaemonConfiguration {
    /// Where the embedded store is; nil when no chain names the processor `sqlite`.
    public var sqlitePath: String? {
        let chain = try? ProcessorRegistry.standard.chain(self.backend.saveProcess)
        guard chain?.contains(where: { $0.name == SQLiteProcessor.description.name }) == true else { return nil }
        return try? self.backend.processorConfiguration.settings(SQLiteProcessor.Settings.self).path
    }
}
#endif
