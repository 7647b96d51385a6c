package import GuerrillaBackend
import GuerrillaServer

/// Whether the user of the key `user` will be able to open what the configuration names. For `guerrillad check`, run as root: nothing is
/// opened or made.
package enum UserAccessCheck {
    /// - Parameters:
    ///   - file: The file that the configuration came from.
    ///   - registry: The processors that chains may name.
    /// - Returns: A sentence for each file that it will not, with its key and what mends it. None when nobody is to be become.
    package static func problems(
        _ configuration: DaemonConfiguration,
        from file: String?,
        registry: ProcessorRegistry = .standard
    ) -> [String] {
        do throws(DaemonError) {
            guard let user = try ProcessUser(configuration), user.isToBeBecome else { return [] }
            return try user.impersonate {
                Self.obstacles(configuration, file: file, registry: registry, user: user.name)
            }
        } catch {
            return ["\(error)"]
        }
    }

    private static func obstacles(
        _ configuration: DaemonConfiguration,
        file: String?,
        registry: ProcessorRegistry,
        user: String
    ) -> [String] {
        var found: [(key: String, obstacle: FileAccess.Obstacle?)] = []
        if let file { found.append(("", FileAccess.obstacleToReading(file, as: user))) }
        if case .file(let path) = configuration.logFile {
            found.append(("log_file", FileAccess.obstacleToWriting(path, as: user)))
        }
        if let path = configuration.pidFile {
            found.append(("pid_file", FileAccess.obstacleToReplacing(path, as: user)))
        }
        for (index, server) in configuration.servers.enumerated() where server.isEnabled {
            if case .file(let path)? = server.logFile {
                found.append(("servers[\(index)].log_file", FileAccess.obstacleToWriting(path, as: user)))
            }
            guard server.tls.isOn else { continue }
            for path in server.tls.files {
                found.append(("servers[\(index)].tls", FileAccess.obstacleToReading(path, as: user)))
            }
        }
        for resource in configuration.backend.resources(registry) {
            let obstacle =
                switch resource.kind {
                // Beside it there are files for as long as it is open.
                case .database:
                    FileAccess.obstacleToWriting(resource.path, as: user)
                        ?? FileAccess.obstacleToCreating(in: FileAccess.directory(of: resource.path), as: user)
                case .directory: FileAccess.obstacleToCreating(in: resource.path, as: user)
                case .file: FileAccess.obstacleToReading(resource.path, as: user)
                }
            found.append(("backend_config.\(resource.key)", obstacle))
        }
        return found.compactMap { key, obstacle in
            obstacle.map {
                "\(key.isEmpty ? "" : "\(key): ")\($0.problem) by the user `\(user)`; as root: \($0.remedy)"
            }
        }
    }
}
