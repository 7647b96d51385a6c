/// What waits to be written to a log, bounded, and whether somebody is at it.
struct LogQueue {
    /// What the writer is to do once the entries before it are written.
    enum Request {
        case format(LogFormat)
        /// Closes the file and opens it again by its name.
        case reopen(CheckedContinuation<LogFileError?, Never>)
    }

    /// What is taken out together.
    struct Batch {
        var entries: [LogEntry]
        /// How many entries came after them and found no room.
        var dropped: Int
        /// In their order, each with the number of entries that came before it.
        var requests: [(position: Int, request: Request)]
    }

    /// The most entries that wait.
    let capacity: Int
    private var entries: [LogEntry] = []
    private var dropped = 0
    private var requests: [(position: Int, request: Request)] = []
    private var isBeingWritten = false
    private var isClosed = false

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Entries and requests that the writer has not taken out.
    var waiting: Int { self.entries.count + self.requests.count }

    /// Adds an entry, unless the queue is full or closed.
    /// - Returns: Whether the writer must be woken: it has seen the queue empty and gone to sleep.
    mutating func append(_ entry: LogEntry) -> Bool {
        guard !self.isClosed else { return false }
        guard self.entries.count < self.capacity else {
            self.dropped += 1
            return false
        }
        self.entries.append(entry)
        return self.needsWriter()
    }

    /// Adds a request, for which there is always room.
    /// - Returns: Whether the writer must be woken; nil when the queue is closed and nobody will hear the request.
    mutating func append(_ request: Request) -> Bool? {
        guard !self.isClosed else { return nil }
        self.requests.append((self.entries.count, request))
        return self.needsWriter()
    }

    private mutating func needsWriter() -> Bool {
        defer { self.isBeingWritten = true }
        return !self.isBeingWritten
    }

    /// Takes everything out. The writer goes on until there is nothing left.
    mutating func takeAll() -> Batch? {
        // Entries are dropped only while others wait, so there is no count left to report here.
        guard !self.entries.isEmpty || !self.requests.isEmpty else {
            self.isBeingWritten = false
            return nil
        }
        defer {
            self.entries = []
            self.dropped = 0
            self.requests = []
        }
        return Batch(entries: self.entries, dropped: self.dropped, requests: self.requests)
    }

    /// Takes no more entries and requests; those that wait can still be taken out.
    mutating func close() {
        self.isClosed = true
    }
}
