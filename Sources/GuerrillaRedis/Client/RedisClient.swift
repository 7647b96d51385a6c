import GuerrillaBackend
import Logging
package import NIOCore

/// Stores messages in one Redis server or in a Redis Cluster.
///
/// Each batch is one pipeline for each server concerned. A message has its own outcome: what one server of a cluster refuses does not
/// touch what another one has taken.
///
/// Runs on one event loop, the same as its connections.
package actor RedisClient: GroupCommit {
    /// Whether one message is stored.
    package typealias Outcome = Result<Void, RedisError>
    package typealias Item = RedisMessage

    /// How often a message goes to another server before it is given up.
    private static let maximumRounds = 8

    private nonisolated let loop: any EventLoop
    private let settings: RedisSettings
    private let tls: RedisTLS?
    private let log: RedisStateLog
    private var nodes: [RedisEndpoint: RedisNode] = [:]
    /// Empty for a server that is alone.
    private var slots = ClusterSlotMap()
    private var refresh: Task<Bool, Never>?
    private var isClosed = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.executor.asUnownedSerialExecutor() }

    /// Creates a client that is not connected yet.
    /// - Throws: ``RedisSetupError``.
    package init(_ settings: RedisSettings, on loop: any EventLoop) throws(RedisSetupError) {
        self.loop = loop
        self.settings = settings
        self.tls = settings.interface.usesTLS ? try RedisTLS(caFile: settings.caFile) : nil
        self.log = RedisStateLog(settings.logger, isHeard: false)
    }

    /// Messages come from now on: the log says when they have to wait.
    package nonisolated func begin() { self.log.begin() }

    /// Tries whether the servers can be reached and let us in.
    /// - Throws: ``RedisCheckFailure`` for the first that does not.
    package func check() async throws(RedisCheckFailure) {
        if self.namesCluster { _ = await self.refreshSlots() }
        let servers = self.slots.servers
        for endpoint in servers.isEmpty
            ? Array(self.settings.interface.endpoints.prefix(1)) : servers.sorted(by: { "\($0)" < "\($1)" })
        {
            if let error = await self.ping(endpoint) { throw RedisCheckFailure(endpoint: endpoint, error: error) }
        }
        if self.namesCluster, servers.isEmpty {
            throw RedisCheckFailure(
                endpoint: self.settings.interface.endpoints[0],
                error: .unreachable("several servers are named, but this one is not of a Redis Cluster")
            )
        }
    }

    /// Makes the first connection, so that trouble is told of before the first message comes. Waits as long as a message would.
    package func connect() async {
        if self.namesCluster { _ = await self.refreshSlots() }
        _ = await self.ping(self.settings.interface.endpoints[0])
    }

    /// Closes all connections.
    package func shutdown() async {
        self.isClosed = true
        self.refresh?.cancel()
        for node in self.nodes.values { await node.shutdown() }
        self.nodes = [:]
    }

    private func ping(_ endpoint: RedisEndpoint) async -> RedisError? {
        var commands = RESPWriter()
        commands.command("PING")
        return await self.node(endpoint).run(commands).error
    }

    // MARK: Storing

    /// What is still to be done for one message.
    private struct Attempt {
        let index: Int
        var endpoint: RedisEndpoint
        /// Whether the server takes the key only as an exception.
        var isAsking = false
    }

    package func commit(_ items: [RedisMessage]) async -> [Outcome] {
        if self.namesCluster, self.slots.isEmpty { _ = await self.refreshSlots() }
        var outcomes = [Outcome](repeating: .failure(.movedTooOften), count: items.count)
        var attempts = items.indices.map { Attempt(index: $0, endpoint: self.endpoint(for: items[$0].key)) }
        for round in 0..<Self.maximumRounds where !attempts.isEmpty {
            var again: [Attempt] = []
            var mustWait = false
            for (group, outcome) in await self.send(attempts, of: items) {
                let results = self.results(of: group, outcome)
                for (attempt, result) in zip(group, results) {
                    switch result {
                    case .settled(let settled): outcomes[attempt.index] = settled
                    case .elsewhere(let endpoint, let isAsking):
                        again.append(Attempt(index: attempt.index, endpoint: endpoint, isAsking: isAsking))
                    case .later:
                        again.append(
                            Attempt(index: attempt.index, endpoint: self.endpoint(for: items[attempt.index].key))
                        )
                        mustWait = true
                    }
                }
            }
            attempts = again
            if mustWait { try? await Task.sleep(for: .milliseconds(20 << round)) }
        }
        return outcomes
    }

    package nonisolated func committedCount(of outcomes: [Outcome]) -> Int {
        outcomes.count { if case .success = $0 { true } else { false } }
    }

    /// Sends each server what is meant for it, to all at the same time.
    private func send(_ attempts: [Attempt], of items: [RedisMessage]) async -> [([Attempt], RedisPipeline.Outcome)] {
        let groups = Dictionary(grouping: attempts, by: \.endpoint)
        if groups.count == 1, let group = groups.first {
            return [(group.value, await self.node(group.key).run(self.commands(for: group.value, of: items)))]
        }
        return await withTaskGroup(of: ([Attempt], RedisPipeline.Outcome).self) { tasks in
            for (endpoint, group) in groups {
                let node = self.node(endpoint)
                let commands = self.commands(for: group, of: items)
                tasks.addTask { (group, await node.run(commands)) }
            }
            var outcomes: [([Attempt], RedisPipeline.Outcome)] = []
            for await outcome in tasks { outcomes.append(outcome) }
            return outcomes
        }
    }

    private func commands(for attempts: [Attempt], of items: [RedisMessage]) -> RESPWriter {
        var commands = RESPWriter()
        for attempt in attempts {
            if attempt.isAsking { commands.command("ASKING") }
            let item = items[attempt.index]
            commands.setex(key: item.key, seconds: item.expireSeconds, payload: item.payload)
        }
        if self.settings.waitReplicas > 0 {
            commands.command(
                "WAIT",
                String(self.settings.waitReplicas),
                String(self.settings.waitTimeout.wholeMilliseconds)
            )
        }
        return commands
    }

    private enum AttemptResult {
        case settled(Outcome)
        case elsewhere(RedisEndpoint, isAsking: Bool)
        case later
    }

    /// What became of the messages of one pipeline.
    private func results(of attempts: [Attempt], _ outcome: RedisPipeline.Outcome) -> [AttemptResult] {
        guard let endpoint = attempts.first?.endpoint else { return [] }
        var isReplicated = true
        if self.settings.waitReplicas > 0 {
            isReplicated = false
            if outcome.error == nil, case .integer(let replicas)? = outcome.replies.last {
                isReplicated = replicas >= Int64(self.settings.waitReplicas)
            }
        }
        var trouble: RedisError?
        var position = 0
        let results = attempts.map { attempt -> AttemptResult in
            if attempt.isAsking { position += 1 }
            defer { position += 1 }
            guard position < outcome.replies.count else {
                return .settled(.failure(outcome.error ?? .malformedReply("too few replies")))
            }
            switch outcome.replies[position] {
            case .simpleString("OK"):
                if isReplicated { return .settled(.success(())) }
                trouble = .notReplicated
                return .settled(.failure(outcome.error ?? .notReplicated))
            case .error(let text):
                switch ServerRefusal(text, from: endpoint) {
                case .moved(let slot, let other):
                    self.slots.move(slot, to: other)
                    self.startRefresh()
                    return .elsewhere(other, isAsking: false)
                case .ask(let other): return .elsewhere(other, isAsking: true)
                case .tryAgain: return .later
                case .other(let code):
                    trouble = .refused(code: code)
                    return .settled(.failure(.refused(code: code)))
                }
            default:
                trouble = .malformedReply("no OK")
                return .settled(.failure(.malformedReply("no OK")))
            }
        }
        if outcome.error != nil {
            // The node has told of it.
            if self.isCluster { self.startRefresh() }
        } else if let trouble {
            self.log.failed(endpoint, trouble)
            if trouble == .refused(code: "CLUSTERDOWN") { self.startRefresh() }
        } else {
            self.log.accepted(endpoint)
        }
        let refused = results.count { if case .settled(.failure) = $0 { true } else { false } }
        if refused > 0 { self.log.refused(refused, by: endpoint) }
        return results
    }

    // MARK: Servers

    /// Whether several servers are named.
    private var namesCluster: Bool { self.settings.interface.endpoints.count > 1 }
    private var isCluster: Bool { self.namesCluster || !self.slots.isEmpty }

    private func endpoint(for key: String) -> RedisEndpoint {
        self.slots[HashSlot.of(key)] ?? self.settings.interface.endpoints[0]
    }

    private func node(_ endpoint: RedisEndpoint) -> RedisNode {
        if let node = self.nodes[endpoint] { return node }
        let node = RedisNode(endpoint, on: self.loop, settings: self.settings, tls: self.tls, log: self.log)
        self.nodes[endpoint] = node
        return node
    }

    /// Asks for the slots anew, unless that is being done.
    private func startRefresh() {
        guard self.refresh == nil, !self.isClosed else { return }
        self.refresh = Task {
            let isDone = await self.refreshSlots()
            // A pause, so that a cluster in trouble is not asked for every batch.
            try? await Task.sleep(for: .milliseconds(200))
            self.refresh = nil
            return isDone
        }
    }

    /// Asks one server after the other until one knows the slots, those that are connected first.
    /// - Returns: Whether one did.
    private func refreshSlots() async -> Bool {
        var connected: [RedisEndpoint] = []
        var others: [RedisEndpoint] = []
        for endpoint in Set(self.nodes.keys).union(self.settings.interface.endpoints) {
            if let node = self.nodes[endpoint], await node.isConnected {
                connected.append(endpoint)
            } else {
                others.append(endpoint)
            }
        }
        for endpoint in connected + others where !self.isClosed {
            var commands = RESPWriter()
            commands.command("CLUSTER", "SLOTS")
            let outcome = await self.node(endpoint).run(commands)
            guard let reply = outcome.replies.first, let slots = try? ClusterSlotMap(slotsReply: reply, from: endpoint),
                !slots.isEmpty
            else { continue }
            await self.use(slots)
            return true
        }
        return false
    }

    private func use(_ slots: ClusterSlotMap) async {
        let servers = slots.servers
        if servers != self.slots.servers {
            let names = servers.map { "\($0)" }.sorted().joined(separator: ", ")
            self.settings.logger.info("Redis Cluster", metadata: ["redis.masters": "\(names)"])
        }
        self.slots = slots
        for (endpoint, node) in self.nodes where !servers.contains(endpoint) {
            self.nodes[endpoint] = nil
            await node.shutdown()
        }
    }
}

/// A server that could not be reached, or does not let us in.
package struct RedisCheckFailure: Error, CustomStringConvertible {
    /// The server.
    package let endpoint: RedisEndpoint
    /// Why.
    package let error: RedisError

    /// One line.
    package var description: String { "Redis at \(self.endpoint): \(self.error)" }
}

extension Duration {
    /// At least 1.
    fileprivate var wholeMilliseconds: Int64 {
        max(1, Int64(self / .milliseconds(1)))
    }
}
