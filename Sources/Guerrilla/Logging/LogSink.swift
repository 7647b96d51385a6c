/// What a log's lines are written to, and what of them could not be.
struct LogSink {
    /// Nil when the writer is closed.
    private(set) var file: LogFile?
    var format: LogFormat
    /// Not told of yet.
    private(set) var loss: LogLoss?
    /// Whether the file ends within a line.
    private var isWithinLine = false

    init(_ file: LogFile, format: LogFormat) {
        self.file = file
        self.format = format
    }

    /// Goes on with another file.
    mutating func replace(with file: LogFile?) {
        self.file = file
        self.isWithinLine = false
    }

    /// Writes lines, behind the one that tells of those that could not be written before.
    /// - Parameter progress: Called as octets are written.
    mutating func write(_ entries: ArraySlice<LogEntry>, progress: () -> Void) {
        guard let file = self.file else { return }
        if let loss = self.loss {
            var octets = self.format.octets(of: [loss.entry(at: microsecondsNow())])
            // What was written of a line stays what it is.
            if self.isWithinLine { octets.insert(UInt8(ascii: "\n"), at: 0) }
            if let failure = file.write(octets, progress: progress) {
                self.lost(entries, lines: entries.count, failure, of: octets)
                return
            }
            self.loss = nil
            self.isWithinLine = false
        }
        guard !entries.isEmpty else { return }
        let octets = self.format.octets(of: entries)
        guard let failure = file.write(octets, progress: progress) else { return }
        // Each line has one, at its end.
        let lines = octets[failure.written...].count { $0 == UInt8(ascii: "\n") }
        self.lost(entries.suffix(lines), lines: lines, failure, of: octets)
    }

    private mutating func lost(
        _ entries: ArraySlice<LogEntry>,
        lines: Int,
        _ failure: LogFile.Failure,
        of octets: [UInt8]
    ) {
        if failure.written > 0 { self.isWithinLine = octets[failure.written - 1] != UInt8(ascii: "\n") }
        guard let first = entries.first?.microseconds, let last = entries.last?.microseconds else { return }
        var loss = self.loss ?? LogLoss(since: first)
        loss.add(lines: lines, errorNumber: failure.errorNumber, until: last)
        self.loss = loss
    }
}
