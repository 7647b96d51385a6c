import GuerrillaServer
import Logging
import NIOPosix
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Something to be logged, formatted by the writer and not by whoever had something to say.
enum LogEntry: Sendable {
    case line(level: String, message: String, metadata: [(key: String, value: String)], microseconds: Int64)
    case message(MessageRecord)
}

/// Writes the log of a daemon: one thread takes entries out of a bounded queue, so that a slow disk or terminal never
/// holds up an event loop.
///
/// When entries come faster than they can be written, the newest are dropped, counted, and the count is logged.
final class LogWriter: Sendable {
    /// The most entries that wait to be written.
    static let capacity = 16_384

    private let queue = Mutex(LogQueue(capacity: LogWriter.capacity))
    private let thread: NIOThreadPool
    private let descriptor: CInt?
    private let ownsDescriptor: Bool

    /// Opens the destination; a file is created, or added to.
    /// - Throws: ``LogFileError``.
    init(_ destination: LogDestination) throws(LogFileError) {
        switch destination {
        case .standardError: (self.descriptor, self.ownsDescriptor) = (STDERR_FILENO, false)
        case .standardOutput: (self.descriptor, self.ownsDescriptor) = (STDOUT_FILENO, false)
        case .off: (self.descriptor, self.ownsDescriptor) = (nil, false)
        case .file(let path):
            let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw LogFileError(path: path, errorNumber: errno) }
            (self.descriptor, self.ownsDescriptor) = (descriptor, true)
        }
        self.thread = NIOThreadPool(numberOfThreads: 1)
        self.thread.start()
    }

    /// Queues an entry; never blocks.
    func write(_ entry: LogEntry) {
        guard self.descriptor != nil else { return }
        let mustWake = self.queue.withLock { $0.append(entry) }
        if mustWake { self.thread.submit { _ in self.drain() } }
    }

    /// Writes what is queued and ends the thread. Nothing is written afterwards.
    func close() async {
        self.queue.withLock { $0.close() }
        // One thread: whatever it drains now is written before this job begins.
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            self.thread.submit { _ in
                self.drain()
                continuation.resume()
            }
        }
        try? await self.thread.shutdownGracefully()
        if self.ownsDescriptor, let descriptor = self.descriptor { _ = Glibc.close(descriptor) }
    }

    private func drain() {
        while let batch = self.queue.withLock({ $0.takeAll() }) {
            var text = LogText()
            for entry in batch.entries { text.append(entry) }
            if batch.dropped > 0 {
                text.append(
                    .line(
                        level: "warning",
                        message: "Log lines were dropped: they came faster than they could be written",
                        metadata: [("dropped", "\(batch.dropped)")],
                        microseconds: batch.entries.last.map(LogText.microseconds) ?? 0
                    )
                )
            }
            self.put(text.octets)
        }
    }

    private func put(_ octets: [UInt8]) {
        guard let descriptor = self.descriptor else { return }
        octets.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count, let base = bytes.baseAddress {
                let written = Glibc.write(descriptor, base + offset, bytes.count - offset)
                if written < 0 {
                    if errno == EINTR { continue }
                    return  // Nobody is left to tell.
                }
                offset += written
            }
        }
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
        "could not open log file \(self.path): \(String(cString: strerror(self.errorNumber)))"
    }
}
