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
            let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0o644)
            guard descriptor >= 0 else { throw LogFileError(path: path, errorNumber: errno) }
            self.descriptor = descriptor
        }
    }

    deinit {
        if case .file = self.destination, let descriptor = self.descriptor { _ = close(descriptor) }
    }

    /// Writes everything, however long it takes.
    func write(_ octets: [UInt8]) {
        guard let descriptor = self.descriptor else { return }
        octets.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count, let base = bytes.baseAddress {
                #if canImport(Glibc)
                let written = Glibc.write(descriptor, base + offset, bytes.count - offset)
                #elseif canImport(Musl)
                let written = Musl.write(descriptor, base + offset, bytes.count - offset)
                #else
                let written = Darwin.write(descriptor, base + offset, bytes.count - offset)
                #endif
                if written < 0 {
                    if errno == EINTR { continue }
                    // A pipe. And standard error is not ours alone: another program may have made it one that does not block.
                    if errno == EAGAIN, Self.waitUntilWritable(descriptor) { continue }
                    return  // Nobody is left to tell.
                }
                offset += written
            }
        }
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
            self.errorNumber == ENXIO ? "it is a pipe that nobody reads" : String(cString: strerror(self.errorNumber))
        return "could not open log file \(self.path): \(reason)"
    }
}
