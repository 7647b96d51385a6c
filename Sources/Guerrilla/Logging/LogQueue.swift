/// What waits to be written to a log, bounded, and whether somebody is at it.
struct LogQueue {
    /// Entries taken out together.
    struct Batch {
        var entries: [LogEntry]
        /// How many entries came after them and found no room.
        var dropped: Int
    }

    /// The most entries that wait.
    let capacity: Int
    private var entries: [LogEntry] = []
    private var dropped = 0
    private var isBeingWritten = false
    private var isClosed = false

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Adds an entry, unless the queue is full or closed.
    /// - Returns: Whether the writer must be woken: it has seen the queue empty and gone to sleep.
    mutating func append(_ entry: LogEntry) -> Bool {
        guard !self.isClosed else { return false }
        guard self.entries.count < self.capacity else {
            self.dropped += 1
            return false
        }
        self.entries.append(entry)
        defer { self.isBeingWritten = true }
        return !self.isBeingWritten
    }

    /// Takes everything out. The writer goes on until there is nothing left.
    mutating func takeAll() -> Batch? {
        // Entries are dropped only while others wait, so there is no count left to report here.
        guard !self.entries.isEmpty else {
            self.isBeingWritten = false
            return nil
        }
        defer {
            self.entries = []
            self.dropped = 0
        }
        return Batch(entries: self.entries, dropped: self.dropped)
    }

    /// Takes no more entries; those that wait can still be taken out.
    mutating func close() {
        self.isClosed = true
    }
}
