#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The limit of open files, which bounds the connections that can be had.
enum OpenFileLimit {
    /// What is kept for everything but clients: listeners, stores, log files, event loops.
    static func headroom(eventLoops: Int) -> Int { 64 + 3 * max(0, eventLoops - 8) }

    /// Raises our limit as far as we may.
    /// - Throws: ``DaemonError`` when the clients of all servers together cannot be had beside the ``headroom(eventLoops:)``.
    static func raise(forClients clients: [Int], eventLoops: Int) throws(DaemonError) {
        guard let allowed = self.raise() else { return }
        let sum = clients.reduce(0) { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 }
        let headroom = Self.headroom(eventLoops: eventLoops)
        guard sum > allowed - headroom else { return }
        throw DaemonError(
            "Combined max clients for all servers (\(sum)) is greater than open file limit (\(allowed), \(headroom) of which "
                + "are kept for listeners, stores and logs). "
                + "Please increase your open file limit (the hard one: \(Self.places)) or decrease max clients."
        )
    }

    /// Tries whether so many files can be opened now.
    /// - Returns: A sentence if not.
    static func problem(opening count: Int) -> String? {
        let allowed = self.raise()
        var opened: [CInt] = []
        defer { for descriptor in opened { close(descriptor) } }
        while opened.count < count {
            var ends: [CInt] = [-1, -1]
            guard pipe(&ends) == 0 else {
                let reason = String(cString: strerror(errno))
                return
                    "no \(count) more files can be opened (\(reason); the limit is \(allowed.map(String.init) ?? "unknown"))."
                    + " Please increase your open file limit (the hard one: \(Self.places))"
            }
            opened += ends
        }
        return nil
    }

    /// - Returns: The hard limit, which is the soft one now; nil where the system does not say.
    private static func raise() -> Int? {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return nil }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
        return Int(clamping: limit.rlim_max)
    }

    private static let places = "`ulimit -Hn`; LimitNOFILE= of a systemd unit, `nofile` in /etc/security/limits.conf"
    private static let resource = CInt(RLIMIT_NOFILE.rawValue)
}

/// The limit of threads: of the user's processes, the service's tasks, the container's process ids.
package enum ThreadLimit {
    /// Tries whether so many threads can be started now. The libraries trap when theirs cannot.
    /// - Returns: A sentence if not.
    static func problem(starting count: Int) -> String? {
        SpareThreads(count) == nil ? self.sentence(count) : nil
    }

    /// That so many threads cannot be had, and what to do.
    package static func sentence(_ count: Int) -> String {
        "\(count) more threads are needed and cannot be started. Please increase the limit of the user's processes (the hard one:"
            + " `ulimit -Hu`; `nproc` in /etc/security/limits.conf), the TasksMax= of a systemd unit or the `pids` limit of a container,"
            + " or end other programs"
    }
}

/// The machine's memory.
enum PhysicalMemory {
    /// In octets; 1 GiB when the system does not say.
    static var octets: Int {
        let pages = sysconf(CInt(_SC_PHYS_PAGES))
        let pageSize = sysconf(CInt(_SC_PAGESIZE))
        guard pages > 0, pageSize > 0 else { return 1 << 30 }
        let (octets, overflow) = pages.multipliedReportingOverflow(by: pageSize)
        return overflow ? .max : octets
    }
}
