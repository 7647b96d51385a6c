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
    static let headroom = 64

    /// Raises our limit as far as we may.
    /// - Throws: ``DaemonError`` when the clients of all servers together cannot be had beside ``headroom``.
    static func raise(forClients clients: [Int]) throws(DaemonError) {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
        let sum = clients.reduce(0) { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 }
        let allowed = Int(clamping: limit.rlim_max)
        guard sum > allowed - Self.headroom else { return }
        throw DaemonError(
            "Combined max clients for all servers (\(sum)) is greater than open file limit (\(allowed), \(Self.headroom) of which "
                + "are kept for listeners, stores and logs). "
                + "Please increase your open file limit (the hard one: `ulimit -Hn`; LimitNOFILE= of a systemd unit, `nofile` in "
                + "/etc/security/limits.conf) or decrease max clients."
        )
    }

    private static let resource = CInt(RLIMIT_NOFILE.rawValue)
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
