#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a process may do with a file, by its effective user; found out without touching the file.
enum FileAccess {
    /// Something that stands in the way.
    struct Obstacle: Equatable {
        /// What is not possible, without the name of who cannot do it: `file /etc/mx.key cannot be read`.
        var problem: String
        /// The commands that an administrator gives to mend it, for a user of that name.
        var remedy: String
    }

    /// Why a file that is there cannot be read. A file that is missing is somebody else's to report.
    static func obstacleToReading(_ path: String, as user: String) -> Obstacle? {
        if let obstacle = self.obstacleOnTheWay(to: path, as: user) { return obstacle }
        guard self.exists(path), !self.may(R_OK, path) else { return nil }
        return Obstacle(problem: "file \(path) cannot be read", remedy: "chown \(user) \(path); chmod u=rw,go= \(path)")
    }

    /// Why a file cannot be written to or, if it is missing, be made.
    static func obstacleToWriting(_ path: String, as user: String) -> Obstacle? {
        if let obstacle = self.obstacleOnTheWay(to: path, as: user) { return obstacle }
        guard self.exists(path) else { return self.obstacleToCreating(in: self.directory(of: path), as: user) }
        guard !self.may(R_OK | W_OK, path) else { return nil }
        return Obstacle(
            problem: "file \(path) cannot be written to",
            remedy: "chown \(user) \(path); chmod u+rw \(path)"
        )
    }

    /// Why no file can be made in, or removed from, a directory.
    static func obstacleToCreating(in directory: String, as user: String) -> Obstacle? {
        if let obstacle = self.obstacleOnTheWay(to: "\(directory)/.", as: user) { return obstacle }
        guard self.exists(directory), !self.may(W_OK | X_OK, directory) else { return nil }
        return Obstacle(
            problem: "no file can be made in directory \(directory)",
            remedy: "chown \(user) \(directory); chmod u+rwx \(directory)"
        )
    }

    /// Why a file cannot be replaced by another one. Where a directory belongs to many (`/tmp`), each only replaces what is its own.
    static func obstacleToReplacing(_ path: String, as user: String) -> Obstacle? {
        let directory = self.directory(of: path)
        if let obstacle = self.obstacleToCreating(in: directory, as: user) { return obstacle }
        var status = stat()
        guard stat(directory, &status) == 0, status.st_mode & S_ISVTX != 0, status.st_uid != geteuid(), geteuid() != 0
        else {
            return nil
        }
        guard lstat(path, &status) == 0, status.st_uid != geteuid() else { return nil }
        return Obstacle(problem: "file \(path) cannot be replaced", remedy: "chown \(user) \(path)")
    }

    /// Why nobody can write to a file, or make it: there is no directory for it, or it is one itself.
    /// - Returns: A sentence with what mends it; nil also where it depends on who asks.
    static func obstacleToAnybody(writing path: String) -> String? {
        var status = stat()
        if stat(path, &status) == 0 {
            return status.st_mode & S_IFMT == S_IFDIR ? "\(path) is a directory; name a file" : nil
        }
        let directory = self.directory(of: path)
        guard stat(directory, &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { return nil }
            return "the directory \(directory) does not exist; create it, or name another file than \(path)"
        }
        guard status.st_mode & S_IFMT != S_IFDIR else { return nil }
        return "\(directory) is not a directory; name another file than \(path)"
    }

    /// The directory that a file of that path is in.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The first directory on the way to a file that is there and cannot be entered.
    private static func obstacleOnTheWay(to path: String, as user: String) -> Obstacle? {
        for (index, character) in zip(path.indices, path) where character == "/" && index != path.startIndex {
            let directory = String(path[..<index])
            if self.exists(directory), !self.may(X_OK, directory) {
                return Obstacle(
                    problem: "directory \(directory) cannot be entered",
                    remedy: "chmod o+x \(directory), or chgrp it to a group of \(user) and chmod g+x"
                )
            }
        }
        return nil
    }

    private static func exists(_ path: String) -> Bool { self.may(F_OK, path) }

    private static func may(_ mode: CInt, _ path: String) -> Bool { faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 }
}
