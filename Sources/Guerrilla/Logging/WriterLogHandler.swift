import GuerrillaServer
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Lets swift-log's loggers write to a ``LogOutput``. Each daemon passes its loggers on; the process-wide bootstrap is left alone.
struct WriterLogHandler: LogHandler {
    private let output: LogOutput
    /// What somebody has asked for this logger alone.
    private var ownLevel: Logger.Level?
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(_ output: LogOutput) {
        self.output = output
    }

    /// That of the output, until it is set.
    var logLevel: Logger.Level {
        get { self.ownLevel ?? self.output.level }
        set { self.ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        self.output.write(self.entry(event))
    }

    /// What is queued for an event: no more text than will be written, since thousands may wait.
    func entry(_ event: LogEvent) -> LogEntry {
        var all = self.metadata
        if let provided = self.metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error, all["error"] == nil { all["error"] = "\(error)" }
        return .line(
            level: event.level,
            message: LogEntry.bounded(event.message.description),
            metadata: all.sorted { $0.key < $1.key }.map { ($0.key, LogEntry.bounded($0.value.description)) },
            microseconds: microsecondsNow()
        )
    }
}

/// Microseconds since 1970.
func microsecondsNow() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000
}
