import GuerrillaBackend
import GuerrillaMail
import Logging

/// Looks once a second how much is free where messages are kept, and tells the sessions. (`min_free_space`)
///
/// On a thread of its own: asking a file system that hangs takes as long as it hangs.
final class FreeSpaceMonitor: Sendable {
    private let space: StorageSpace
    private let directories: [String]
    private let minimum: Int
    private let logger: Logger
    private let freeOctets: @Sendable (String) -> Int?
    private let executor = BlockingThreadExecutor()

    /// - Parameters:
    ///   - directories: Where messages are kept.
    ///   - minimum: Octets that have to be free in each.
    ///   - freeOctets: How to find out.
    init(
        space: StorageSpace,
        directories: [String],
        minimum: Int,
        logger: Logger,
        freeOctets: @escaping @Sendable (String) -> Int? = { FreeSpace.octets(at: $0) }
    ) {
        self.space = space
        self.directories = directories
        self.minimum = minimum
        self.logger = logger
        self.freeOctets = freeOctets
    }

    /// Looks now, and writes a line when it has become too little or enough again.
    ///
    /// While nothing is known, nothing changes: the store itself says when it cannot write.
    func check() {
        var lowest: (directory: String, octets: Int)?
        for directory in self.directories {
            guard let octets = self.freeOctets(directory), octets < lowest?.octets ?? .max else { continue }
            lowest = (directory, octets)
        }
        // Cancelled while it looked: somebody else answers for the flag by now.
        guard let lowest, !Task.isCancelled else { return }
        let isLow = lowest.octets < self.minimum
        guard isLow != self.space.isLow else { return }
        self.space.isLow = isLow
        let metadata: Logger.Metadata = [
            "directory": "\(lowest.directory)", "free": "\(lowest.octets)", "min_free_space": "\(self.minimum)",
        ]
        if isLow {
            self.logger.error("Too little disk space: new mail is refused with 452", metadata: metadata)
        } else {
            self.logger.info("Enough disk space again: new mail is accepted", metadata: metadata)
        }
    }

    /// Looks once a second from now on, until the task is cancelled.
    func start() -> Task<Void, Never> {
        Task(executorPreference: self.executor) {
            while (try? await Task.sleep(for: .seconds(1))) != nil { self.check() }
        }
    }
}
