import GuerrillaBackend
import GuerrillaMaildir

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension DaemonConfiguration {
    /// Where the stores of the chain keep messages, as far as that is on file systems of ours.
    var storeDirectories: [String] {
        var directories = self.maildirFileSystems
        #if SQLite
        if let path = self.sqlitePath {
            let slash = path.lastIndex(of: "/")
            directories.append(slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".")
        }
        #endif
        return directories
    }

    /// A directory of each file system that Maildirs are on.
    private var maildirFileSystems: [String] {
        var devices: Set<UInt64> = []
        return self.maildirDirectories.filter { directory in
            var status = stat()
            guard stat(directory, &status) == 0 else { return false }
            return devices.insert(UInt64(truncatingIfNeeded: status.st_dev)).inserted
        }
    }

    /// The Maildirs of all users, and the directory they are below; whether they exist or not.
    var maildirDirectories: [String] {
        let chain = try? ProcessorRegistry.standard.chain(self.backend.saveProcess)
        guard chain?.contains(where: { $0.name == MaildirProcessor.description.name }) == true else { return [] }
        let configuration = self.backend.processorConfiguration
        guard let path = try? configuration.requiredString(MaildirProcessor.path),
            let users = try? configuration.requiredString(MaildirProcessor.userMap),
            let processor = try? MaildirProcessor(path: path, userMap: users)
        else { return [] }
        return processor.directories
    }
}
