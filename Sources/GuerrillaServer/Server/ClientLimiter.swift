import GuerrillaMail
import NIOCore

/// How many clients of one address are connected to a server, and how often they connect.
///
/// The rate is a bucket of as many connections as are allowed in a minute. Every connection takes one out, and they come
/// back evenly; with 30 a minute, one every two seconds. A connection that is refused takes none.
///
/// The table is bounded. An address is kept while it is connected or its bucket is not full again, and no longer than a
/// minute after its last connection. When a flood of different addresses fills the table, those whose time has passed go;
/// if that is not enough, all that are not connected: their rate is forgotten, and nobody is refused for the lack of room.
struct ClientLimiter: Sendable {
    /// What counts as one address: an IPv4 address, or the /64 of an IPv6 address, all of which one client may use.
    /// (RFC 6177 § 2)
    enum Group: Hashable, Sendable {
        case v4(UInt32)
        case v6(UInt64)

        init(_ address: IPAddress) {
            switch address.canonical {
            case .v4(let address): self = .v4(address.rawValue)
            case .v6(let address): self = .v6(UInt64(truncatingIfNeeded: address.rawValue >> 64))
            }
        }
    }

    enum Refusal: Equatable, Sendable {
        case tooManyClients
        case connectsTooOften
    }

    private struct Entry {
        var clients = 0
        /// When the bucket is full again; in the past if it is.
        var isFullAt: NIODeadline
    }

    /// Entries at which room is made.
    private let capacity: Int
    private var makesRoomAt: Int
    private var entries: [Group: Entry] = [:]

    /// - Parameter capacity: Addresses in the table; those that are connected may be more.
    init(capacity: Int = 65_536) {
        self.capacity = capacity
        self.makesRoomAt = capacity
    }

    /// Addresses in the table.
    var count: Int { self.entries.count }

    /// A client has connected.
    ///
    /// - Parameters:
    ///   - maximumClients: How many may be connected at once; nil if that is not limited.
    ///   - rate: How many may connect in a minute; nil if that is not limited.
    /// - Returns: Nil when the client is admitted: ``release(_:at:)`` has to follow when it leaves.
    mutating func admit(
        _ group: Group,
        maximumClients: Int?,
        rate: Int?,
        at now: NIODeadline
    ) -> Refusal? {
        let known = self.entries[group]
        var entry = known ?? Entry(isFullAt: now)
        if let maximumClients, entry.clients >= maximumClients { return .tooManyClients }
        if let rate {
            let isFullAt =
                max(entry.isFullAt, now) + .nanoseconds(TimeAmount.minutes(1).nanoseconds / Int64(max(1, rate)))
            guard isFullAt - now <= .minutes(1) else { return .connectsTooOften }
            entry.isFullAt = isFullAt
        }
        entry.clients += 1
        if known == nil, self.entries.count >= self.makesRoomAt { self.makeRoom(at: now) }
        self.entries[group] = entry
        return nil
    }

    /// A client that was admitted has gone.
    mutating func release(_ group: Group, at now: NIODeadline) {
        guard var entry = self.entries[group], entry.clients > 0 else { return }
        entry.clients -= 1
        self.entries[group] = entry.clients > 0 || entry.isFullAt > now ? entry : nil
    }

    /// Goes through the whole table, but a quarter of it has to fill up again before the next time.
    private mutating func makeRoom(at now: NIODeadline) {
        self.entries = self.entries.filter { $0.value.clients > 0 || $0.value.isFullAt > now }
        if self.entries.count > self.capacity / 4 * 3 {
            self.entries = self.entries.filter { $0.value.clients > 0 }
        }
        self.makesRoomAt = max(self.capacity, self.entries.count + self.capacity / 4)
    }
}
