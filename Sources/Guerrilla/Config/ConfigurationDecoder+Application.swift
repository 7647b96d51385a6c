import GuerrillaBackend

extension ConfigurationDecoder {
    /// The scalar keys at the top of the file.
    func decodeApplication(_ section: ConfigurationSection, into configuration: inout DaemonConfiguration) {
        configuration.allowedHosts = section.strings(ApplicationKeys.allowedHosts) ?? configuration.allowedHosts
        configuration.pidFile = section.string(ApplicationKeys.pidFile) ?? configuration.pidFile
        configuration.logFile =
            section.string(ApplicationKeys.logFile).map { LogDestination($0) } ?? configuration.logFile
        let level = section.string(ApplicationKeys.logLevel).flatMap { LogLevel(name: $0) }
        configuration.logLevel = level ?? configuration.logLevel
        let format = section.string(ApplicationKeys.logFormat).flatMap { LogFormat(rawValue: $0.lowercased()) }
        configuration.logFormat = format ?? configuration.logFormat
        configuration.eventLoops = section.integer(ApplicationKeys.eventLoops) ?? configuration.eventLoops
        let memory = section.integer(ApplicationKeys.maxMessageMemory)
        configuration.maximumMessageMemory = memory ?? configuration.maximumMessageMemory
        let freeSpace = section.integer(ApplicationKeys.minFreeSpace)
        configuration.minimumFreeSpace = freeSpace ?? configuration.minimumFreeSpace
        let shutdownTimeout = section.duration(ApplicationKeys.shutdownTimeout)
        configuration.shutdownTimeout = shutdownTimeout ?? configuration.shutdownTimeout
        let checkInterval = section.duration(ApplicationKeys.certificateCheckInterval)
        configuration.certificateCheckInterval = checkInterval ?? configuration.certificateCheckInterval
        configuration.user =
            section.string(ApplicationKeys.user).flatMap { $0.isEmpty ? nil : $0 } ?? configuration.user
        configuration.group =
            section.string(ApplicationKeys.group).flatMap { $0.isEmpty ? nil : $0 } ?? configuration.group
    }
}
