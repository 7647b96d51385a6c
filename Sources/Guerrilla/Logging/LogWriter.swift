import Logging
import NIOPosix
import Synchronization

/// Writes one log: one thread takes entries out of a bounded queue, so that a slow disk or terminal never holds up an event loop.
///
/// When entries come faster than they can be written, the newest are dropped, counted, and the count is logged.
final class LogWriter: Sendable {
    /// The most entries that wait to be written.
    static let capacity = 16_384

    /// Held by the thread while it writes.
    private struct Sink {
        /// Nil when the writer is closed.
        var file: LogFile?
        var format: LogFormat
    }

    private let queue = Mutex(LogQueue(capacity: LogWriter.capacity))
    private let thread: NIOThreadPool
    private let sink: Mutex<Sink>

    /// Writes to an open file.
    init(_ file: LogFile, format: LogFormat) {
        self.sink = Mutex(Sink(file: file, format: format))
        self.thread = NIOThreadPool(numberOfThreads: 1)
        self.thread.start()
    }

    /// Queues an entry; never blocks.
    func write(_ entry: LogEntry) {
        if self.queue.withLock({ $0.append(entry) }) { self.wake() }
    }

    /// Writes what comes from now on in another form.
    func setFormat(_ format: LogFormat) {
        if self.queue.withLock({ $0.append(.format(format)) }) == true { self.wake() }
    }

    /// Opens the file again by its name, after it was moved away. What was written before goes to the old one.
    ///
    /// - Returns: Why that failed; the old file stays open then. Nil for what is no file.
    func reopen() async -> LogFileError? {
        await withCheckedContinuation { continuation in
            switch self.queue.withLock({ $0.append(.reopen(continuation)) }) {
            case nil: continuation.resume(returning: nil)
            case true?: self.wake()
            case false?: break
            }
        }
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
        self.sink.withLock { $0.file = nil }
    }

    private func wake() {
        self.thread.submit { _ in self.drain() }
    }

    private func drain() {
        while let batch = self.queue.withLock({ $0.takeAll() }) {
            self.sink.withLock { Self.write(batch, to: &$0) }
        }
    }

    private static func write(_ batch: LogQueue.Batch, to sink: inout Sink) {
        var entries = batch.entries[...]
        for (position, request) in batch.requests {
            let before = entries.prefix(upTo: position)
            sink.file?.write(sink.format.octets(of: before))
            entries = entries.suffix(from: position)
            self.answer(request, &sink)
        }
        if batch.dropped > 0 {
            entries.append(
                .line(
                    level: .warning,
                    message: "Log lines were dropped: they came faster than they could be written",
                    metadata: [("dropped", "\(batch.dropped)")],
                    microseconds: entries.last?.microseconds ?? microsecondsNow()
                )
            )
        }
        sink.file?.write(sink.format.octets(of: entries))
    }

    private static func answer(_ request: LogQueue.Request, _ sink: inout Sink) {
        switch request {
        case .format(let format):
            sink.format = format
        case .reopen(let continuation):
            do throws(LogFileError) {
                if let file = sink.file { sink.file = try LogFile(file.destination) }
                continuation.resume(returning: nil)
            } catch {
                continuation.resume(returning: error)
            }
        }
    }
}
