import GuerrillaBackend
import GuerrillaMail
import GuerrillaRedis
import GuerrillaSMTP
import GuerrillaTestSupport
import GuerrillaTesting
import InMemoryLogging
import Logging
import NIOCore
import Synchronization
import Testing

/// The processor `redis` beside servers whose answers are decided here. What a real one does: the system tests.
@Suite(.timeLimit(.minutes(5)))
struct RedisProcessorTests {
    private let server = FakeRedis()
    private let log = InMemoryLogHandler()

    // MARK: Storing

    @Test func fitsIntoAChain() async throws {
        try await self.server.start()
        let interface = self.server.interface
        var description = ProcessorDescription("Hashed", Hashed.self) { context in
            Hashed(redis: try RedisProcessor.description.make(context))
        }
        description.configurationKeys = RedisProcessor.description.configurationKeys
        try await ProcessorCompatibilityTest(
            description,
            configuration: ["redis_interface": .string(interface), "redis_expire_seconds": 60]
        ).run()
        try await self.server.stop()
    }

    @Test func messageIsUnderItsFirstHashAndSaysWhereItIs() async throws {
        let envelope = try await self.withProcessor { processor async throws in
            var envelope = try Envelope.testing(data: "Subject: a\r\n\r\nbody\r\n")
            envelope.hashes = ["first", "second"]
            #expect(try await processor.save(&envelope, next: .end) == .stored)
            return envelope
        }
        #expect(envelope.queuedID.description == "first")
        #expect(envelope[ExternalBody.self] == "redis")
        let state = self.server.state.withLock { $0 }
        #expect(state.values.mapValues { String(buffer: $0) } == ["first": "Subject: a\r\n\r\nbody\r\n"])
        #expect(state.commands.contains(["SETEX", "first", "60"]))
        #expect(self.log.entries.isEmpty)
    }

    @Test func compressedStreamAndDeliveryHeaderAreWhatIsStored() async throws {
        _ = try await self.withProcessor { processor async throws in
            var compressed = try Envelope.testing()
            compressed.hashes = ["compressed"]
            compressed[CompressedMessage.self] = CompressedMessage(
                algorithm: .zlib,
                octets: ByteBuffer(string: "stream"),
                originalSize: 100
            )
            #expect(try await processor.save(&compressed, next: .end) == .stored)
        }
        #expect(self.server.state.withLock { $0.values["compressed"].map { String(buffer: $0) } } == "stream")
    }

    @Test func withoutAHashNothingIsStored() async throws {
        try await self.withProcessor { processor async throws in
            var envelope = try Envelope.testing()
            await #expect { try await processor.save(&envelope, next: .end) } throws: { "\($0)".contains("Hasher") }
        }
    }

    /// With other line endings the message is in memory twice.
    @Test func theConvertedMessageIsCharged() async throws {
        let octets = Array("Subject: a\r\n\r\n".utf8) + [UInt8](repeating: 0x61, count: 100_000)
        for (limit, isRoom) in [(1 << 20, true), (300_000, false)] {
            let budget = MemoryBudget(limit: limit)
            var builder = MessageDataBuilder(memory: MessageMemory(budget: budget))
            try #require(octets.withUnsafeBytes { builder.append($0) })
            var envelope = try Envelope.testing()
            envelope.data = builder.build()
            envelope.hashes = ["key"]
            let before = budget.used
            var context = ProcessorContext.testing(
                ["redis_interface": "127.0.0.1:1", "redis_expire_seconds": 60],
                logger: Logger(label: "test") { _ in self.log }
            )
            context.storedLineEndings = .lf
            let processor = try RedisProcessor.description.make(context)
            try await processor.start()
            if isRoom {
                _ = try await processor.save(&envelope, next: .end)
                #expect(budget.used >= before + octets.count)
            } else {
                await #expect(throws: MessageMemoryExhausted.self) { try await processor.save(&envelope, next: .end) }
                #expect(budget.used == before)
            }
            await processor.shutdown(deadline: .now + .seconds(60))
        }
    }

    @Test func manyMessagesShareAPipeline() async throws {
        let count = 500
        try await self.withProcessor { processor async throws in
            try await withThrowingTaskGroup(of: SaveVerdict.self) { group in
                for number in 0..<count {
                    group.addTask { try await Self.save("key\(number)", processor) }
                }
                for try await verdict in group { #expect(verdict == .stored) }
            }
        }
        let state = self.server.state.withLock { $0 }
        #expect(state.values.count == count)
        #expect(state.connections == 1)
    }

    // MARK: Trouble

    @Test(
        arguments: [
            "-OOM command not allowed when used memory > 'maxmemory'.\r\n", "-READONLY You can't write\r\n",
            "-NOAUTH Authentication required.\r\n",
            "-CLUSTERDOWN The cluster is down\r\n", "-MISCONF Redis is configured to save\r\n", "-ERR secret\r\n",
            ":1\r\n", "+QUEUED\r\n", "nonsense\r\n",
            "$100000000\r\n",
        ]
    )
    func whatIsNotOKIs451AndToldOnce(reply: String) async throws {
        let answers = self.server
        try await self.withProcessor { processor async throws in
            answers.set { $0.first == "SETEX" ? .octets(reply) : .ordinary }
            for _ in 0..<20 {
                #expect(try await Self.save("key", processor) == .reply(.localError))
            }
        }
        let errors = self.log.entries.filter { $0.level == .error }
        // A connection that is of no use is made again, which is a change.
        #expect((1...20).contains(errors.count))
        #expect(!self.log.entries.contains { "\($0.metadata)".contains("secret") })
        if reply.hasPrefix("-OOM") { #expect(errors.count == 1) }
    }

    @Test func silenceEndsWithTheTimeout() async throws {
        let server = self.server
        try await self.withProcessor(["redis_timeout": "50ms"]) { processor async throws in
            server.set { $0.first == "SETEX" ? .silence : .ordinary }
            #expect(try await Self.save("a", processor) == .reply(.localError))
            server.set { _ in .ordinary }
            try await Self.eventually { try await Self.save("b", processor) == .stored }
        }
        #expect(self.log.entries.map(\.level).first == .error)
        #expect(self.log.entries.map(\.level).last == .notice)
    }

    @Test func whatWasOnItsWayWhenTheConnectionEndedIsNotCalledStored() async throws {
        let server = self.server
        try await self.withProcessor { processor async throws in
            server.set { $0 == ["SETEX", "b", "60"] ? .end : .ordinary }
            #expect(try await Self.save("b", processor) == .reply(.localError))
            #expect(try await Self.save("c", processor) == .stored)
        }
    }

    /// Prepared for a reload that is given up: the mail goes elsewhere, and does not wait.
    @Test func aServerThatIsAwayIsNotToldOfBeforeMessagesCome() async throws {
        let directory = TemporaryDirectory()
        let (givenUp, used) = (
            try self.processor(interface: directory.path("a")), try self.processor(interface: directory.path("b"))
        )
        try await givenUp.start()
        await givenUp.shutdown(deadline: .now + .seconds(60))
        try await used.start()
        #expect(self.log.entries.isEmpty)
        used.wasPutInForce()
        #expect(self.log.entries.map(\.level) == [.error])
        await used.shutdown(deadline: .now + .seconds(60))
    }

    @Test func aServerThatIsAwayIsFoundAgain() async throws {
        let directory = TemporaryDirectory()
        let processor = try self.processor(interface: directory.path("redis.sock"))
        try await processor.start()
        processor.wasPutInForce()
        for _ in 0..<50 {
            #expect(try await Self.save("a", processor) == .reply(.localError))
        }
        #expect(self.log.entries.map(\.level) == [.error])
        try await self.server.start(path: directory.path("redis.sock"))
        try await Self.eventually { try await Self.save("b", processor) == .stored }
        #expect(self.log.entries.map(\.level) == [.error, .notice])
        await processor.shutdown(deadline: .now + .seconds(60))
        try await self.server.stop()
    }

    @Test func loginGoesBeforeAnythingElse() async throws {
        try await self.server.start()
        let processor = try self.processor(interface: "redis://user:secret@\(self.server.interface)/3")
        try await processor.start()
        processor.wasPutInForce()
        #expect(try await Self.save("a", processor) == .stored)
        await processor.shutdown(deadline: .now + .seconds(60))
        try await self.server.stop()
        let commands = self.server.state.withLock { $0.commands }
        #expect(commands.prefix(3) == [["AUTH", "user", "secret"], ["SELECT", "3"], ["PING"]])
    }

    @Test func checkSaysWhyAServerCannotBeUsed() async throws {
        try await self.server.start()
        let processor = try self.processor(interface: "redis://user:secret@\(self.server.interface)")
        try await processor.checkConnection()
        // What an old server says repeats the password.
        self.server.set {
            $0.first == "AUTH" ? .octets("-ERR unknown command `AUTH`, with args: `secret`\r\n") : .ordinary
        }
        let server = self.server.interface
        await #expect { try await processor.checkConnection() } throws: {
            "\($0)" == "Redis at \(server): the server answers ERR"
        }
        try await self.server.stop()
        await #expect { try await processor.checkConnection() } throws: { "\($0)".contains("no connection") }
    }

    @Test func savesBeforeStartAndAfterShutdownFail() async throws {
        let processor = try await self.withProcessor { processor async throws in processor }
        await #expect(throws: RedisError.notOpen) { try await Self.save("a", processor) }
        await #expect(throws: RedisError.notOpen) {
            try await Self.save("a", self.processor(interface: "127.0.0.1:1"))
        }
    }

    // MARK: Replicas and clusters

    @Test(arguments: [(":2\r\n", true), (":3\r\n", true), (":1\r\n", false), ("-ERR no\r\n", false)])
    func replicasAreWaitedFor(reply: String, isStored: Bool) async throws {
        let server = self.server
        try await self.withProcessor(["redis_wait_replicas": 2, "redis_wait_timeout": "700ms"]) {
            processor async throws in
            server.set { $0.first == "WAIT" ? .octets(reply) : .ordinary }
            #expect(try await Self.save("a", processor) == (isStored ? .stored : .reply(.localError)))
        }
        #expect(self.server.state.withLock { $0.commands.last } == ["WAIT", "2", "700"])
    }

    @Test func movedAskAndTryAgainAreFollowed() async throws {
        let other = FakeRedis()
        try await other.start()
        let tries = Mutex(0)
        let server = self.server
        try await self.withProcessor { processor async throws in
            let place = other.interface
            server.set { command in
                switch (command.first, command.dropFirst().first) {
                case ("SETEX", "foo"): .octets("-MOVED 12182 \(place)\r\n")
                case ("SETEX", "bar"): .octets("-ASK 5061 \(place)\r\n")
                case ("SETEX", "hello"):
                    tries.withLock {
                        $0 += 1
                        return $0 < 3 ? .octets("-TRYAGAIN later\r\n") : .ordinary
                    }
                default: .ordinary
                }
            }
            #expect(try await Self.save("foo", processor) == .stored)
            #expect(try await Self.save("bar", processor) == .stored)
            #expect(try await Self.save("hello", processor) == .stored)
        }
        let state = other.state.withLock { $0 }
        #expect(Set(state.values.keys) == ["foo", "bar"])
        let asking = try #require(state.commands.firstIndex(of: ["ASKING"]))
        #expect(state.commands[asking + 1] == ["SETEX", "bar", "60"])
        #expect(self.server.state.withLock { Array($0.values.keys) } == ["hello"])
        try await other.stop()
    }

    @Test func serversThatPointAtEachOtherAreGivenUp() async throws {
        let server = self.server
        try await self.withProcessor { processor async throws in
            let place = server.interface
            server.set { $0.first == "SETEX" ? .octets("-MOVED 12182 \(place)\r\n") : .ordinary }
            #expect(try await Self.save("foo", processor) == .reply(.localError))
        }
    }

    @Test func anotherSeedKnowsTheSlotsWhenTheFirstIsAway() async throws {
        let master = FakeRedis()
        try await master.start()
        let port = master.port
        try await self.server.start()
        self.server.set { command in
            command.first == "CLUSTER"
                ? .octets("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:\(port)\r\n") : .ordinary
        }
        let processor = try self.processor(interface: "127.0.0.1:1,\(self.server.interface)")
        try await processor.start()
        processor.wasPutInForce()
        #expect(try await Self.save("foo", processor) == .stored)
        #expect(master.state.withLock { Array($0.values.keys) } == ["foo"])
        await processor.shutdown(deadline: .now + .seconds(60))
        try await master.stop()
        try await self.server.stop()
    }

    @Test func aLostMasterConcernsItsOwnKeysOnly() async throws {
        let master = FakeRedis()
        try await master.start()
        let port = master.port
        try await self.server.start()
        // Nobody listens on port 1.
        let lost = "*3\r\n:0\r\n:8191\r\n*2\r\n$9\r\n127.0.0.1\r\n:1\r\n"
        let alive = "*3\r\n:8192\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:\(port)\r\n"
        self.server.set { $0.first == "CLUSTER" ? .octets("*2\r\n\(lost)\(alive)") : .ordinary }
        let interface = "\(self.server.interface),\(self.server.interface)"
        let processor = try self.processor(interface: interface)
        try await processor.start()
        processor.wasPutInForce()
        for _ in 0..<5 {
            // Both in one batch, if they come that close.
            async let foo = Self.save("foo", processor)
            async let bar = Self.save("bar", processor)
            #expect(try await foo == .stored)
            #expect(try await bar == .reply(.localError))
        }
        await #expect { try await processor.checkConnection() } throws: {
            "\($0)".hasPrefix("Redis at 127.0.0.1:1: no connection")
        }
        await processor.shutdown(deadline: .now + .seconds(60))
        #expect(master.state.withLock { Array($0.values.keys) } == ["foo"])
        try await master.stop()
        try await self.server.stop()
    }

    // MARK: Support

    private func processor(interface: String, _ more: ConfigurationObject = [:]) throws -> RedisProcessor {
        var values: ConfigurationObject = ["redis_interface": .string(interface), "redis_expire_seconds": 60]
        for key in more.keys { values[key] = more[key] }
        var context = ProcessorContext.testing(values, logger: Logger(label: "test") { _ in self.log })
        context.saveTimeout = .seconds(240)
        let processor = try RedisProcessor.description.make(context)
        return try #require(processor as? RedisProcessor)
    }

    private func withProcessor<Value: Sendable>(
        _ more: ConfigurationObject = [:],
        _ body: (RedisProcessor) async throws -> Value
    ) async throws -> Value {
        try await self.server.start()
        let processor = try self.processor(interface: self.server.interface, more)
        try await processor.start()
        processor.wasPutInForce()
        let value = try await body(processor)
        await processor.shutdown(deadline: .now + .seconds(60))
        try await self.server.stop()
        return value
    }

    private static func save(_ key: String, _ processor: any Processor) async throws -> SaveVerdict {
        var envelope = try Envelope.testing()
        envelope.hashes = [key]
        return try await processor.save(&envelope, next: .end)
    }

    private static func eventually(_ condition: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while try await !condition() {
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

extension SaveNext {
    /// The end of a chain.
    fileprivate static var end: SaveNext { SaveNext([]) }
}

/// Gives each message a hash, as Hasher does, and hands it to the store.
private struct Hashed: Processor {
    static let capabilities = RedisProcessor.capabilities
    private static let number = Atomic<Int>(0)
    let redis: any Processor

    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        envelope.hashes = ["\(Self.number.wrappingAdd(1, ordering: .relaxed).newValue)"]
        return try await self.redis.save(&envelope, next: next)
    }

    func start() async throws { try await self.redis.start() }
    func shutdown(deadline: ContinuousClock.Instant) async { await self.redis.shutdown(deadline: deadline) }
}
