import GuerrillaServer

/// Whether the user of the key `user` will be able to open what the configuration names. For `guerrillad check`, run as root: nothing is
/// opened or made.
package enum UserAccessCheck {
    /// - Parameter file: The file that the configuration came from.
    /// - Returns: A sentence for each file that it will not, with its key and what mends it. None when nobody is to be become.
    package static func problems(_ configuration: DaemonConfiguration, from file: String?) -> [String] {
        do throws(DaemonError) {
            guard let user = try ProcessUser(configuration), user.isToBeBecome else { return [] }
            return try user.impersonate { Self.obstacles(configuration, file: file, user: user.name) }
        } catch {
            return ["\(error)"]
        }
    }

    private static func obstacles(
        _ configuration: DaemonConfiguration,
        file: String?,
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
        #if SQLite
        if let path = configuration.sqlitePath {
            // Beside it there are files for as long as it is open.
            let obstacle =
                FileAccess.obstacleToWriting(path, as: user)
                ?? FileAccess.obstacleToCreating(in: FileAccess.directory(of: path), as: user)
            found.append(("backend_config.sqlite_path", obstacle))
        }
        #endif
        for directory in configuration.maildirDirectories {
            found.append(("backend_config.maildir_path", FileAccess.obstacleToCreating(in: directory, as: user)))
        }
        return found.compactMap { key, obstacle in
            obstacle.map {
                "\(key.isEmpty ? "" : "\(key): ")\($0.problem) by the user `\(user)`; as root: \($0.remedy)"
            }
        }
    }
}
