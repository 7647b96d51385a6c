#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The file that tells other programs our process id: decimal, no newline, as go-guerrilla writes it.
struct PIDFile {
    static var processID: Int { Int(getpid()) }

    private let path: String

    /// Writes the file, in one step so that nobody reads half of it.
    /// - Throws: ``DaemonError`` naming file and reason.
    init(writingTo path: String) throws(DaemonError) {
        let temporaryPath = "\(path).\(Self.processID)"
        // Whatever lies there is a leftover, or a link by which somebody wants another file overwritten.
        unlink(temporaryPath)
        let descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
        var text = Array("\(Self.processID)".utf8)
        let written = write(descriptor, &text, text.count)
        let writeError = errno
        close(descriptor)
        guard written == text.count else {
            unlink(temporaryPath)
            throw Self.failure(path, writeError)
        }
        guard rename(temporaryPath, path) == 0 else {
            let renameError = errno
            unlink(temporaryPath)
            throw Self.failure(path, renameError)
        }
        self.path = path
    }

    func remove() {
        unlink(self.path)
    }

    private static func failure(_ path: String, _ errorNumber: CInt) -> DaemonError {
        DaemonError("error while writing pidFile (\(path)): \(String(cString: strerror(errorNumber)))")
    }
}
