import NIOCore

extension DaemonConfiguration {
    /// `event_loops`, or what it means by default.
    var eventLoopCount: Int { max(1, self.eventLoops ?? System.coreCount) }

    /// How many threads a daemon starts with this configuration: event loops, logs, those of the chain, and as many again as the machine
    /// has cores for what tasks run on, and for work that takes its time.
    var threads: Int { self.eventLoopCount + 2 * System.coreCount + self.threadsOfAReload }

    /// Those that may be new when a daemon goes on with this configuration.
    var threadsOfAReload: Int {
        // And one each for certificates and free space, and a little: they are counted before they are started.
        self.logSettings.openDestinations.count + self.threadsOfTheChain + 4
    }

    private var threadsOfTheChain: Int {
        let chains = [self.backend.saveProcess, self.backend.validateProcess]
        return Set(chains.flatMap(ConfigurationTable.processorNames)).reduce(0) { sum, name in
            switch name {
            // One that writes, one that reads, and those that sync.
            case "maildir": sum + 18
            case "sql", "mysql": sum + self.backend.saveWorkersSize + 1
            case "redis": sum + System.coreCount
            case "guerrillaredisdb": sum + self.backend.saveWorkersSize + 1 + System.coreCount
            default: sum + 1
            }
        }
    }
}
