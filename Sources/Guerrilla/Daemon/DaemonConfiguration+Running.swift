extension DaemonConfiguration {
    /// The servers that are to listen.
    var enabledServers: [ServerConfiguration] { self.servers.filter(\.isEnabled) }

    /// Where the stores of the chain keep messages, as far as that is on a file system of ours.
    var storeDirectories: [String] {
        #if SQLite
        guard let path = self.sqlitePath else { return [] }
        guard let slash = path.lastIndex(of: "/") else { return ["."] }
        return [slash == path.startIndex ? "/" : String(path[..<slash])]
        #else
        return []
        #endif
    }
}
