import Logging
import NIOPosix
import Synchronization

/// Writes one log: one thread takes entries out of a bounded queue, so that a slow disk or terminal never holds up an event loop.
///
/// When entries come faster than they can be written, the newest are dropped, counted, and the count is logged.
final class LogWriter: Sendable {
    /// The most entries that wait to be written.
    static let capacity = 16_384

    /// How long the end of a daemon waits for a log that takes nothing any more: a pipe without a reader, a disk that does not answer.
    static let patience = Duration.seconds(1)

    private let queue = Mutex(LogQueue(capacity: LogWriter.capacity))
    private let thread: NIOThreadPool
    /// Held by the thread while it writes.
    private let sink: Mutex<LogSink>
    /// Counts what is written.
    private let progress = Atomic<Int>(0)
    private let destination: LogDestination

    /// Writes to an open file.
    init(_ file: LogFile, format: LogFormat) {
        self.sink = Mutex(LogSink(file, format: format))
        self.destination = file.destination
        self.thread = NIOThreadPool(numberOfThreads: 1)
        self.thread.start()
    }

    /// What waits to be done, for tests.
    var waiting: Int { self.queue.withLock { $0.waiting } }

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
    ///
    /// - Parameter patience: How long to wait while nothing can be written; nil is for ever. May be called when another call waits already.
    /// - Returns: A sentence about what is missing in the log; nil when nothing is.
    @discardableResult
    func close(patience: Duration? = nil) async -> String? {
        self.queue.withLock { $0.close() }
        guard await self.drainLast(patience: patience) else {
            // It is stuck in the middle of a line. Those who wait for something behind that line wait for nothing.
            for (_, request) in self.queue.withLock({ $0.takeAll() })?.requests ?? [] { request.giveUp() }
            self.thread.shutdownGracefully { _ in }
            // Who would be told there reads nothing.
            guard case .file = self.destination else { return nil }
            return "log \(self.destination): its last lines are missing, because it takes no more"
        }
        try? await self.thread.shutdownGracefully()
        return self.sink.withLock { sink in
            sink.replace(with: nil)
            return sink.loss.map { loss in
                let since = LogLoss.time(loss.first)
                return "log \(self.destination): \(loss.lines) lines since \(since) are missing: \(loss.reason)"
            }
        }
    }

    /// - Returns: False when the thread has not come to the end of the queue, and does not come nearer.
    private func drainLast(patience: Duration?) async -> Bool {
        let (ends, continuation) = AsyncStream.makeStream(of: Bool.self)
        // One thread: whatever it drains now is written before this job begins.
        self.thread.submit { state in
            if case .active = state {
                self.drain()
                self.sink.withLock { $0.write([], progress: self.note) }
            }
            continuation.yield(true)
        }
        let watch = patience.map { patience in
            Task {
                var seen = self.progress.load(ordering: .relaxed)
                while (try? await Task.sleep(for: patience)) != nil {
                    let now = self.progress.load(ordering: .relaxed)
                    if now == seen { continuation.yield(false) }
                    seen = now
                }
            }
        }
        defer { watch?.cancel() }
        for await hasEnded in ends { return hasEnded }
        return false
    }

    private func wake() {
        self.thread.submit { _ in self.drain() }
    }

    private func note() { self.progress.wrappingAdd(1, ordering: .relaxed) }

    private func drain() {
        while let batch = self.queue.withLock({ $0.takeAll() }) {
            self.sink.withLock { self.write(batch, to: &$0) }
        }
    }

    private func write(_ batch: LogQueue.Batch, to sink: inout LogSink) {
        var entries = batch.entries[...]
        for (position, request) in batch.requests {
            let before = entries.prefix(upTo: position)
            sink.write(before, progress: self.note)
            entries = entries.suffix(from: position)
            Self.answer(request, &sink)
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
        sink.write(entries, progress: self.note)
    }

    private static func answer(_ request: LogQueue.Request, _ sink: inout LogSink) {
        switch request {
        case .format(let format):
            sink.format = format
        case .reopen(let continuation):
            do throws(LogFileError) {
                if let file = sink.file { sink.replace(with: try LogFile(file.destination)) }
                continuation.resume(returning: nil)
            } catch {
                continuation.resume(returning: error)
            }
        }
    }
}

extension LogQueue.Request {
    /// The writer ends without doing it.
    fileprivate func giveUp() {
        if case .reopen(let continuation) = self { continuation.resume(returning: nil) }
    }
}
