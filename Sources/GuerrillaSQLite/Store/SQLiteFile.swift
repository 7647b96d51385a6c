#if SQLite
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What the store asks the file system itself, where SQLite would only say "unable to open database file".
///
/// Nothing here opens a file that may already be a database: closing any descriptor of it would drop the POSIX locks that
/// another connection of this process holds.
enum SQLiteFile {
    /// Which file a path leads to, to notice that it was removed or replaced.
    struct Identity: Equatable {
        var device: UInt64
        var inode: UInt64

        /// `nil` if there is nothing at the path.
        init?(path: String) {
            guard let status = SQLiteFile.status(path) else { return nil }
            self.init(status)
        }

        init(_ status: stat) {
            self.device = UInt64(truncatingIfNeeded: status.st_dev)
            self.inode = UInt64(truncatingIfNeeded: status.st_ino)
        }
    }

    /// The path in a form in which SQLite sees nothing but a file name: neither `:memory:` nor a `file:` URI.
    static func name(of path: String) -> String {
        path.hasPrefix("/") ? path : "./" + path
    }

    /// Makes sure that a database can be opened for writing, and creates an empty file with mode 0600 if there is none.
    ///
    /// SQLite gives the `-wal` and `-shm` files the mode of the database. A file that exists keeps its mode: the
    /// administrator may have opened it to a group.
    static func prepareForWriting(_ path: String) throws {
        try self.checkName(path)
        let name = self.name(of: path)
        let directory = self.directory(of: name)
        guard let status = self.status(directory) else {
            throw SQLiteStoreError(.cannotOpen, "the directory of '\(path)' does not exist; create '\(directory)'")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw SQLiteStoreError(.cannotOpen, "'\(directory)' is not a directory; name another path than '\(path)'")
        }
        // SQLite creates the -wal and -shm files beside the database.
        guard access(directory, W_OK | X_OK) == 0 else {
            throw SQLiteStoreError(
                .cannotOpen,
                "the directory '\(directory)' of '\(path)' cannot be written; let this user write it"
            )
        }
        let descriptor = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
            return
        }
        let reason = errno
        guard reason == EEXIST else {
            throw SQLiteStoreError(.cannotOpen, "'\(path)' cannot be created: \(String(cString: strerror(reason)))")
        }
        try self.checkFile(path, access: R_OK | W_OK)
    }

    /// Makes sure that there is a file that can be read.
    static func prepareForReading(_ path: String) throws {
        try self.checkName(path)
        try self.checkFile(path, access: R_OK)
    }

    /// Makes sure that there is a file that can be written.
    static func checkForWriting(_ path: String) throws {
        try self.checkName(path)
        try self.checkFile(path, access: R_OK | W_OK)
    }

    private static func checkName(_ path: String) throws {
        // A path with NUL would be cut short by every system call.
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw SQLiteStoreError(.cannotOpen, "the path of the database is empty; name a file")
        }
    }

    private static func checkFile(_ path: String, access mode: Int32) throws {
        let name = self.name(of: path)
        guard let status = self.status(name) else {
            throw SQLiteStoreError(.cannotOpen, "'\(path)' does not exist; check the path")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SQLiteStoreError(.cannotOpen, "'\(path)' is not a regular file; name another path")
        }
        guard access(name, mode) == 0 else {
            throw SQLiteStoreError(
                .cannotOpen,
                "'\(path)' cannot be \(mode & W_OK == 0 ? "read" : "read and written"); give this user the permission"
            )
        }
    }

    private static func directory(of name: String) -> String {
        guard let slash = name.lastIndex(of: "/") else { return "." }
        return slash == name.startIndex ? "/" : String(name[..<slash])
    }

    /// Where links lead that the path goes through: the name to which SQLite appends `-wal` and `-shm`.
    static func resolved(_ path: String) -> String {
        let name = self.name(of: path)
        guard let resolved = realpath(name, nil) else { return name }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Brings the names in the directory of a database to the disk: a file that was created is gone after a power cut if
    /// only the file was synced. SQLite syncs the directory, too, but does not say when that fails.
    static func syncDirectory(of path: String) throws {
        let directory = self.directory(of: self.resolved(path))
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw SQLiteStoreError(
                .cannotOpen,
                "the directory '\(directory)' of '\(path)' cannot be read, so files in it cannot be synced: "
                    + "\(String(cString: strerror(errno))); let this user read it"
            )
        }
        defer { close(descriptor) }
        // EINVAL: this kind of file system has no such thing.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw SQLiteStoreError(
                .failed,
                "the directory '\(directory)' of '\(path)' cannot be synced: \(String(cString: strerror(errno)))"
            )
        }
    }

    /// Octets of a file; `nil` if there is none.
    static func size(of path: String) -> Int64? { self.status(path).map { Int64($0.st_size) } }

    static func status(_ path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }
}
#endif
