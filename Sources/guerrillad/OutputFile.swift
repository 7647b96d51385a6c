#if CommandLine
import ArgumentParser
import Guerrilla

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the operating system says about a call that failed.
struct SystemError: Error, CustomStringConvertible {
    let description: String

    /// The failure of the last call on this thread.
    init() {
        self.description = String(cString: strerror(errno))
    }
}

/// A new file that a command writes. It has its name when it is complete, replaces nothing, and is never written through a link: others may
/// be allowed to put one into the directory. What goes wrong ends the command with a sentence that names the file.
struct OutputFile: ~Copyable {
    /// For sentences.
    private let name: String
    private let finalName: String
    private let temporaryName: String
    /// What the names are relative to.
    private let directory: CInt
    private let descriptor: CInt
    private var isFinished = false

    /// Creates a file with mode 0600 that becomes `name`.
    init(_ name: String) throws {
        try self.init(finalName: name, directory: AT_FDCWD, name: name)
    }

    /// Creates a file with mode 0600 that becomes `name` in a directory, which has to stay open for as long.
    init(_ name: String, in directory: borrowing OutputDirectory) throws {
        try self.init(finalName: name, directory: directory.descriptor, name: "\(directory.name)/\(name)")
    }

    private init(finalName: String, directory: CInt, name: String) throws {
        self.name = name
        self.finalName = finalName
        self.directory = directory
        self.temporaryName = "\(finalName).\(getpid()).part"
        var descriptor = Self.create(self.temporaryName, in: directory)
        if descriptor < 0, errno == EEXIST {
            // No process but this one has that name: a leftover, or a link by which another file is to be overwritten.
            unlinkat(directory, self.temporaryName, 0)
            descriptor = Self.create(self.temporaryName, in: directory)
        }
        guard descriptor >= 0 else { throw Terminal.fail("'\(name)': \(SystemError())") }
        self.descriptor = descriptor
    }

    private static func create(_ name: String, in directory: CInt) -> CInt {
        openat(directory, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0o600)
    }

    func write(_ bytes: RawSpan) throws {
        do throws(SystemError) {
            try Self.write(bytes, to: self.descriptor)
        } catch {
            throw Terminal.fail("'\(self.name)': \(error)")
        }
    }

    /// Gives the file its name.
    /// - Returns: False when another file has that name by now; this one is removed then.
    mutating func finish() throws -> Bool {
        if linkat(self.directory, self.temporaryName, self.directory, self.finalName, 0) != 0 {
            if errno == EEXIST { return false }
            // A file system without hard links. One that gets the name in this very moment is replaced.
            var status = stat()
            guard fstatat(self.directory, self.finalName, &status, AT_SYMLINK_NOFOLLOW) != 0 else { return false }
            guard renameat(self.directory, self.temporaryName, self.directory, self.finalName) == 0 else {
                throw Terminal.fail("'\(self.name)': \(SystemError())")
            }
            self.isFinished = true
            return true
        }
        // `deinit` takes the other name away.
        return true
    }

    deinit {
        if !self.isFinished { unlinkat(self.directory, self.temporaryName, 0) }
        close(self.descriptor)
    }

    /// Writes all octets to a descriptor.
    static func write(_ bytes: RawSpan, to descriptor: CInt) throws(SystemError) {
        let failure = bytes.withUnsafeBytes { buffer -> SystemError? in
            var offset = 0
            while offset < buffer.count, let base = buffer.baseAddress {
                #if canImport(Glibc)
                let written = Glibc.write(descriptor, base + offset, buffer.count - offset)
                #elseif canImport(Musl)
                let written = Musl.write(descriptor, base + offset, buffer.count - offset)
                #else
                let written = Darwin.write(descriptor, base + offset, buffer.count - offset)
                #endif
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return SystemError() }
                offset += written
            }
            return nil
        }
        if let failure { throw failure }
    }
}

/// A directory that a command writes files into.
struct OutputDirectory: ~Copyable {
    enum Place {
        case free
        case file
        /// A link, or anything else that is no file.
        case obstacle
    }

    let name: String
    fileprivate let descriptor: CInt

    /// Opens the directory, and makes it if there is none.
    init(making name: String) throws {
        guard mkdir(name, 0o700) == 0 || errno == EEXIST else { throw Terminal.fail("'\(name)': \(SystemError())") }
        let descriptor = ForeignLink.open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let error = SystemError()
            throw Terminal.fail("'\(name)': \(ForeignLink.stands(at: name) ? ForeignLink.sentence : error.description)")
        }
        self.name = name
        self.descriptor = descriptor
    }

    deinit {
        close(self.descriptor)
    }

    /// What has a name in it.
    func place(of name: String) -> Place {
        var status = stat()
        guard fstatat(self.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return .free }
        return status.st_mode & S_IFMT == S_IFREG ? .file : .obstacle
    }
}
#endif
