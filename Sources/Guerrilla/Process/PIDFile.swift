import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The file that tells other programs our process id: decimal, no newline, as go-guerrilla writes it.
///
/// It is locked (`flock`) for as long as the daemon lives. So a file that a crash has left behind is told from one in use, whatever has
/// become of the process id in it. Where the file system knows no locks, the process id has to do.
final class PIDFile: Sendable {
    static var processID: Int { Int(getpid()) }

    /// Where it is.
    let path: String
    /// What was there before and belonged to nobody any more: the text in it, cut at 20 characters; nil when nothing was there.
    let leftover: String?
    private let file: LockableFile
    /// One start of this process at a time: they would prepare their files under the same name.
    private static let turn = Mutex(())

    /// Writes the file, in one step so that nobody reads half of it.
    /// - Parameter predecessor: The process that hands its sockets to this one; the file may be taken from it.
    /// - Throws: ``DaemonError`` naming file and reason, and the other process when there is one.
    init(writingTo path: String, predecessor: Int? = nil) throws(DaemonError) {
        self.path = path
        (self.file, self.leftover) = try Self.turn.withLock { _ throws(DaemonError) in
            let temporaryPath = "\(path).\(Self.processID)"
            let file = try Self.prepare(temporaryPath, for: path)
            do throws(DaemonError) {
                return (file, try Self.publish(temporaryPath, as: path, predecessor: predecessor))
            } catch {
                unlink(temporaryPath)
                throw error
            }
        }
    }

    /// Whether it is still this file that is found under its path.
    var isInPlace: Bool { self.file.isFile(at: self.path) }

    /// Takes the file away, unless it is another's by now.
    func remove() {
        if self.isInPlace { unlink(self.path) }
    }

    // MARK: Steps

    /// Writes a file of another name, and locks it before anybody can find it.
    private static func prepare(_ temporaryPath: String, for path: String) throws(DaemonError) -> LockableFile {
        // Whatever lies there is a leftover, or a link by which somebody wants another file overwritten.
        unlink(temporaryPath)
        let descriptor = open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
        let file = LockableFile(descriptor: descriptor)
        var text = Array("\(Self.processID)".utf8)
        guard write(descriptor, &text, text.count) == text.count else {
            let writeError = errno
            unlink(temporaryPath)
            throw Self.failure(path, writeError)
        }
        _ = file.lock()
        return file
    }

    /// Puts the prepared file in its place.
    /// - Returns: The ``leftover``.
    private static func publish(
        _ temporaryPath: String,
        as path: String,
        predecessor: Int?
    ) throws(DaemonError) -> String? {
        var owner = ""
        // Somebody else may just be starting, or stopping: what is found is looked at again for a moment.
        for _ in 1...Self.attempts {
            let (found, errorNumber) = LockableFile.open(path)
            guard let found else {
                switch errorNumber {
                case ENOENT: break
                case ELOOP:
                    // A link: no daemon makes one.
                    try Self.rename(temporaryPath, path)
                    return nil
                default:
                    // Another user's, or we have no descriptor left: somebody may have locked it.
                    throw DaemonError(
                        "pid_file (\(path)) is there and cannot be opened to see whether a daemon has it:"
                            + " \(String(cString: strerror(errorNumber))); remove it if none has, or give this one another pid"
                            + " file"
                    )
                }
                if link(temporaryPath, path) == 0 {
                    unlink(temporaryPath)
                    return nil
                }
                if errno == EEXIST { continue }
                // No hard links here: who starts in this very moment may be overwritten.
                try Self.rename(temporaryPath, path)
                return nil
            }
            // Nobody else may take it for a leftover until it is replaced.
            defer { withExtendedLifetime(found) {} }
            guard found.mayBePIDFile else {
                throw DaemonError(
                    "pid_file (\(path)) is there and is no pid file: it holds something else than a number; name another, or remove"
                        + " it if nobody needs it"
                )
            }
            owner = found.text
            let isPredecessor = predecessor != nil && Int(owner) == predecessor
            let isOwned =
                switch found.lock() {
                case .locked: false
                case .taken: !isPredecessor
                case .impossible: !isPredecessor && Self.isAlive(owner)
                }
            if !isOwned, found.isFile(at: path) {
                try Self.rename(temporaryPath, path)
                return isPredecessor ? nil : String(owner.prefix(20))
            }
            usleep(Self.pause)
        }
        throw DaemonError(
            "pid_file (\(path)) belongs to a daemon that is running, pid \(owner); stop it first, or give this one another"
                + " pid file"
        )
    }

    private static let attempts = 15
    /// In microseconds.
    private static let pause: UInt32 = 20_000

    private static func isAlive(_ text: String) -> Bool {
        guard let processID = pid_t(text), processID > 0, processID != getpid() else { return false }
        return kill(processID, 0) == 0 || errno == EPERM
    }

    private static func rename(_ temporaryPath: String, _ path: String) throws(DaemonError) {
        #if canImport(Glibc)
        let result = Glibc.rename(temporaryPath, path)
        #elseif canImport(Musl)
        let result = Musl.rename(temporaryPath, path)
        #else
        let result = Darwin.rename(temporaryPath, path)
        #endif
        guard result == 0 else { throw Self.failure(path, errno) }
    }

    private static func failure(_ path: String, _ errorNumber: CInt) -> DaemonError {
        DaemonError("error while writing pidFile (\(path)): \(String(cString: strerror(errorNumber)))")
    }
}
