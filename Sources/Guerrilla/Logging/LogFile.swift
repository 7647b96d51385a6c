#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An open destination. It is closed when nobody holds it any more.
final class LogFile: Sendable {
    let destination: LogDestination
    private let descriptor: CInt?
    /// The most that is written at once. To a pipe or a terminal that is so little that the progress of a slow reader is seen.
    private let pieceLength: Int

    /// Opens the destination; a file is created, or added to.
    /// - Throws: ``LogFileError``.
    init(_ destination: LogDestination) throws(LogFileError) {
        self.destination = destination
        switch destination {
        case .standardError: self.descriptor = STDERR_FILENO
        case .standardOutput: self.descriptor = STDOUT_FILENO
        case .off: self.descriptor = nil
        case .file(let path):
            // Not to wait for a reader, if it is a pipe.
            let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK
            let descriptor = ForeignLink.open(path, flags, mode: 0o644)
            guard descriptor >= 0 else { throw LogFileError(path: path, errorNumber: errno) }
            self.descriptor = descriptor
        }
        self.pieceLength = self.descriptor.map(Self.isRegular) ?? true ? .max : 4_096
    }

    deinit {
        if case .file = self.destination, let descriptor = self.descriptor { _ = close(descriptor) }
    }

    /// What could not be written.
    struct Failure: Equatable {
        /// Octets that were.
        var written: Int
        /// The system's error number.
        var errorNumber: CInt
    }

    /// Writes everything, however long it takes.
    /// - Parameter progress: Called whenever some of it is written.
    /// - Returns: Nil when all of it is.
    func write(_ octets: [UInt8], progress: () -> Void = {}) -> Failure? {
        guard let descriptor = self.descriptor else { return nil }
        return octets.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count, let base = bytes.baseAddress {
                let count = min(bytes.count - offset, self.pieceLength)
                #if canImport(Glibc)
                let written = Glibc.write(descriptor, base + offset, count)
                #elseif canImport(Musl)
                let written = Musl.write(descriptor, base + offset, count)
                #else
                let written = Darwin.write(descriptor, base + offset, count)
                #endif
                if written < 0 {
                    let errorNumber = errno
                    if errorNumber == EINTR { continue }
                    // A pipe. And standard error is not ours alone: another program may have made it one that does not block.
                    if errorNumber == EAGAIN, Self.waitUntilWritable(descriptor) { continue }
                    return Failure(written: offset, errorNumber: errorNumber)
                }
                offset += written
                progress()
            }
            return nil
        }
    }

    private static func isRegular(_ descriptor: CInt) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func waitUntilWritable(_ descriptor: CInt) -> Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&polled, 1, -1) > 0 || errno == EINTR
    }
}

/// A log file that cannot be opened.
public struct LogFileError: Error, CustomStringConvertible {
    /// The file's path.
    public let path: String
    /// The system's error number.
    public let errorNumber: CInt

    /// One sentence naming file and reason.
    public var description: String {
        let reason =
            switch self.errorNumber {
            case ENXIO: "it is a pipe that nobody reads"
            case ELOOP where ForeignLink.stands(at: self.path): ForeignLink.sentence
            default: String(cString: strerror(self.errorNumber))
            }
        return "could not open log file \(self.path): \(reason)"
    }
}
