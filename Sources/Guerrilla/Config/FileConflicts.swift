import GuerrillaBackend
import GuerrillaServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Finds files that a configuration names for two purposes: a pid file that is also the store's would end the store.
package enum FileConflicts {
    /// What a file is for. Any number of keys may name one file for the same purpose.
    private enum Purpose {
        case processID
        case log
        case database
        /// What SQLite keeps beside a database.
        case besideDatabase
        /// Only read: keys, certificates, the configuration itself.
        case reading
    }

    private struct Use {
        var key: String
        var path: String
        var purpose: Purpose
    }

    /// What a path leads to, however it is written.
    private enum Identity: Hashable {
        case file(device: UInt64, inode: UInt64)
        /// A file that is not there, in a directory that is.
        case missing(device: UInt64, directory: UInt64, name: String)
        case path(String)
    }

    /// - Parameters:
    ///   - file: The file that the configuration came from; nil for none.
    ///   - registry: The processors that chains may name.
    /// - Returns: A problem for each key whose file another key has for another purpose. One of the two is written to.
    package static func problems(
        _ configuration: DaemonConfiguration,
        from file: String?,
        registry: ProcessorRegistry
    ) -> [ConfigurationProblem] {
        var problems: [ConfigurationProblem] = []
        /// For each file the first use, and the first for another purpose.
        var known: [Identity: (first: Use, other: Use?)] = [:]
        for use in Self.uses(configuration, file: file, registry: registry) {
            guard let identity = Self.identity(use.path) else { continue }
            guard let (first, other) = known[identity] else {
                known[identity] = (use, nil)
                continue
            }
            let isOther = use.purpose != first.purpose
            if isOther, other == nil { known[identity] = (first, use) }
            guard let rival = isOther ? first : other else { continue }
            let (writer, neighbour) = rival.purpose == .besideDatabase ? (use, rival) : (rival, use)
            problems.append(Self.problem(writer, neighbour))
        }
        return problems
    }

    private static func problem(_ writer: Use, _ neighbour: Use) -> ConfigurationProblem {
        let path = writer.path
        let message =
            if neighbour.purpose == .besideDatabase {
                "\(path) is where SQLite keeps a part of the database of \(neighbour.key); each needs a file of its own"
            } else {
                "\(path) is the same file as \(neighbour.key); each needs a file of its own"
            }
        return ConfigurationProblem(keyPath: writer.key, message: message)
    }

    /// All files, those that are written to first.
    private static func uses(
        _ configuration: DaemonConfiguration,
        file: String?,
        registry: ProcessorRegistry
    ) -> [Use] {
        var uses: [Use] = []
        if let path = configuration.pidFile { uses.append(Use(key: "pid_file", path: path, purpose: .processID)) }
        if case .file(let path) = configuration.logFile {
            uses.append(Use(key: "log_file", path: path, purpose: .log))
        }
        for (index, server) in configuration.servers.enumerated() where server.isEnabled {
            if case .file(let path)? = server.logFile {
                uses.append(Use(key: "servers[\(index)].log_file", path: path, purpose: .log))
            }
        }
        for resource in configuration.backend.resources(registry) {
            let key = "backend_config.\(resource.key)"
            switch resource.kind {
            case .database:
                uses.append(Use(key: key, path: resource.path, purpose: .database))
                uses += ["-wal", "-shm", "-journal"].map {
                    Use(key: key, path: resource.path + $0, purpose: .besideDatabase)
                }
            case .file:
                uses.append(Use(key: key, path: resource.path, purpose: .reading))
            case .directory:
                break
            }
        }
        for (index, server) in configuration.servers.enumerated() {
            let tls = server.tls
            uses += Self.uses(of: tls.keyPair, at: "servers[\(index)].tls")
            if let path = tls.rootCAsFile {
                uses.append(Use(key: "servers[\(index)].tls.root_cas_file", path: path, purpose: .reading))
            }
            for (number, pair) in tls.certificates.enumerated() {
                uses += Self.uses(of: pair, at: "servers[\(index)].certificates[\(number)]")
            }
        }
        if let file { uses.append(Use(key: "the configuration", path: file, purpose: .reading)) }
        return uses.filter { !$0.path.isEmpty }
    }

    private static func uses(of pair: TLSKeyPair, at keyPath: String) -> [Use] {
        [("private_key_file", pair.privateKeyFile), ("public_key_file", pair.certificateFile)].compactMap {
            name,
            path in
            path.map { Use(key: "\(keyPath).\(name)", path: $0, purpose: .reading) }
        }
    }

    /// - Returns: nil for what is no file of its own, such as a terminal: it may serve any number of purposes.
    private static func identity(_ path: String) -> Identity? {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG else { return nil }
            return .file(device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(status.st_ino))
        }
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        guard name != "..", stat(FileAccess.directory(of: path), &status) == 0 else {
            return .path(Self.absolute(path))
        }
        return .missing(
            device: UInt64(truncatingIfNeeded: status.st_dev),
            directory: UInt64(status.st_ino),
            name: name
        )
    }

    /// The path from the root, without `.`, `..` and what is between two slashes.
    private static func absolute(_ path: String) -> String {
        var start = ""
        if !path.hasPrefix("/"), let directory = getcwd(nil, 0) {
            start = String(cString: directory)
            free(directory)
        }
        var names: [Substring] = []
        for name in "\(start)/\(path)".split(separator: "/") where name != "." {
            if name == ".." { _ = names.popLast() } else { names.append(name) }
        }
        return "/" + names.joined(separator: "/")
    }
}
