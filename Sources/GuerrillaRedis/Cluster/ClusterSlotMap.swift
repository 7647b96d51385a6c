import NIOCore

/// Which server of a Redis Cluster takes which keys.
package struct ClusterSlotMap: Sendable, Equatable {
    /// A reply to CLUSTER SLOTS that is none.
    package struct Malformed: Error, Hashable {}

    private var endpoints: [RedisEndpoint] = []
    private var indices: [RedisEndpoint: Int16] = [:]
    /// For each slot the index of its server; -1 if nobody serves it.
    private var slots = [Int16](repeating: -1, count: HashSlot.count)

    /// A map that knows nothing.
    package init() {}

    /// Reads the reply to CLUSTER SLOTS.
    /// - Parameters:
    ///   - reply: Ranges of slots, each with its servers, the master first.
    ///   - source: The server that has answered, whose host stands for one that is not named.
    /// - Throws: ``Malformed``.
    package init(slotsReply reply: RESPValue, from source: RedisEndpoint) throws(Malformed) {
        guard case .array(let ranges) = reply else { throw Malformed() }
        var covered: Int64 = 0
        for range in ranges {
            guard case .array(let parts) = range, parts.count >= 3,
                case .integer(let first) = parts[0], case .integer(let last) = parts[1],
                0 <= first, first <= last, last < Int64(HashSlot.count),
                case .array(let master) = parts[2], master.count >= 2, case .integer(let port) = master[1]
            else { throw Malformed() }
            // No slot has two masters; and a reply cannot make us go through all of them again and again.
            covered += last - first + 1
            guard covered <= Int64(HashSlot.count) else { throw Malformed() }
            var host = ""
            switch master[0] {
            case .bulkString(let octets): host = String(buffer: octets)
            case .null: break
            default: throw Malformed()
            }
            guard let endpoint = RedisEndpoint(host: host == "?" ? "" : host, port: port, from: source),
                let index = self.index(of: endpoint)
            else { throw Malformed() }
            for slot in Int(first)...Int(last) { self.slots[slot] = index }
        }
    }

    /// The server for a slot, nil if it is not known.
    package subscript(slot: Int) -> RedisEndpoint? {
        guard self.slots.indices.contains(slot), self.slots[slot] >= 0 else { return nil }
        return self.endpoints[Int(self.slots[slot])]
    }

    /// Notes what a MOVED says.
    package mutating func move(_ slot: Int, to endpoint: RedisEndpoint) {
        guard self.slots.indices.contains(slot), let index = self.index(of: endpoint) else { return }
        self.slots[slot] = index
    }

    /// Whether no server is known.
    package var isEmpty: Bool { self.endpoints.isEmpty }

    /// The servers that take keys, and those that a MOVED has taken slots from since the map was read.
    package var servers: Set<RedisEndpoint> { Set(self.endpoints) }

    private mutating func index(of endpoint: RedisEndpoint) -> Int16? {
        if let index = self.indices[endpoint] { return index }
        // A cluster has a thousand servers at most. Those of the past are forgotten with the next whole map.
        guard self.endpoints.count < 4_096 else { return nil }
        let index = Int16(self.endpoints.count)
        self.endpoints.append(endpoint)
        self.indices[endpoint] = index
        return index
    }
}
