#if SQLite
import Foundation
import GRDB
import GuerrillaBackend
import GuerrillaMail
import GuerrillaProcessors
import GuerrillaSMTP
import GuerrillaSQLite
import GuerrillaTestSupport
import Logging
import NIOCore
import Testing

/// The processor `sqlite` in a chain, as a daemon builds it.
struct SQLiteProcessorTests {
    private let directory = TemporaryDirectory()
    private var file: String { self.directory.path("mail.sqlite") }

    // MARK: Storing

    @Test func messageIsReadBackAsItWasSentWithItsDeliveryHeader() async throws {
        let octets: [UInt8] = Array("Subject: =?UTF-8?Q?=C3=A9?=\r\nTo: b\r\n\r\n".utf8) + (0...255) + [13, 10]
        let verdict = try await self.withChain { chain async throws in
            var envelope = Envelope.sample("id-1", octets: octets)
            return try await chain.save(&envelope)
        }
        #expect(verdict == .stored)
        let message = try self.message("id-1")
        #expect(message.data.flatMap { Array(buffer: $0) } == octets)
        #expect(
            String(buffer: message.deliveryHeader) == "Return-Path: <alice@example.org>\r\n"
                + "Received: from client.example ([192.0.2.1])\r\n"
                + "\tby mx.example.org with ESMTP id id-1 for <bob@example.com>;\r\n"
                + "\tSat, 21 Nov 2026 08:06:48 +0000\r\n"
        )
        #expect(message.receivedAtMicroseconds == 1_795_248_408_123_456)
        #expect(message.clientAddress == "192.0.2.1")
        #expect(message.clientPort == 40_001)
        #expect(message.helo == "client.example")
        #expect(message.transmissionType == "ESMTP")
        #expect(message.tls == nil)
        #expect(message.reversePath == "alice@example.org")
        #expect(message.recipients == ["bob@example.com"])
        #expect(message.subject == "é")
        #expect(message.headers?.fields.map(\.name) == ["Subject", "To"])
        #expect(message.headers?.fields.map(\.body) == ["=?UTF-8?Q?=C3=A9?=", "b"])
    }

    @Test func aloneItKeepsWhatOtherProcessorsDidNotFindOut() async throws {
        let verdict = try await self.withChain("sqlite") { chain async throws in
            var envelope = Envelope.sample("id-1", octets: Array("Subject: s\r\n\r\nbody\r\n".utf8))
            envelope.reversePath = .null
            envelope.client = ClientInfo(address: nil)
            envelope.recipients = [Recipient(.postmaster), .sample("bob"), .sample("bob")]
            return try await chain.save(&envelope)
        }
        #expect(verdict == .stored)
        let message = try self.message("id-1")
        #expect(message.deliveryHeader.readableBytes == 0)
        #expect(message.subject == nil)
        #expect(message.headers == nil)
        #expect(message.reversePath == "")
        #expect(message.clientAddress == "")
        #expect(message.clientPort == 0)
        #expect(message.recipients == ["postmaster", "bob@example.com", "bob@example.com"])
    }

    @Test(arguments: [0, 1, 262_144, 262_145, 1_500_000])
    func everySizeIsStoredOctetForOctet(size: Int) async throws {
        let octets = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let verdict = try await self.withChain { chain async throws in
            var envelope = Envelope.sample("id-1", octets: octets)
            return try await chain.save(&envelope)
        }
        #expect(verdict == .stored)
        #expect(try self.message("id-1").data.flatMap { Array(buffer: $0) } == octets)
    }

    @Test func replyOfALaterProcessorIsPassedOn() async throws {
        let verdict = try await self.withChain("sqlite|Replying") { chain async throws in
            var envelope = Envelope.sample("id-1")
            return try await chain.save(&envelope)
        }
        #expect(verdict == .reply(.localError))
        #expect(try self.list().count == 1)
    }

    @Test func queuedIDThatIsStoredAlreadyFailsAlone() async throws {
        try await self.withChain { chain async throws in
            var envelope = Envelope.sample("id-1")
            #expect(try await chain.save(&envelope) == .stored)
            var again = Envelope.sample("id-1")
            await #expect(throws: CommitFailure.self) { try await chain.save(&again) }
            var other = Envelope.sample("id-2")
            #expect(try await chain.save(&other) == .stored)
        }
        #expect(try self.list() == ["id-1", "id-2"])
    }

    // MARK: Start and shutdown

    @Test func savesBeforeStartAndAfterShutdownFail() async throws {
        let chain = try self.chain()
        var envelope = Envelope.sample("id-1")
        await #expect { try await chain.save(&envelope) } throws: { "\($0)" == "the store is not open" }
        try await chain.start()
        #expect(try await chain.save(&envelope) == .stored)
        await chain.shutdown(deadline: .now + patience)
        var late = Envelope.sample("id-2")
        await #expect { try await chain.save(&late) } throws: { "\($0)" == "the store is not open" }
        await chain.shutdown(deadline: .now + patience)
        #expect(try self.list() == ["id-1"])
    }

    @Test func shutdownLeavesOneFileBehind() async throws {
        try await self.withChain { chain async throws in
            var envelope = Envelope.sample("id-1")
            #expect(try await chain.save(&envelope) == .stored)
        }
        #expect(self.directory.contents == ["mail.sqlite"])
    }

    @Test(arguments: ["missing/mail.sqlite", "", "taken", "taken/mail.sqlite"])
    func fileThatCannotBeHadIsNamedAtStart(name: String) async throws {
        let path = name == "" ? self.directory.path : self.directory.path(name)
        try self.directory.write(
            "this is no database, and longer than the header of one would be: \(name)",
            to: "taken"
        )
        let chain = try self.chain(path: path)
        await #expect { try await chain.start() } throws: { error in
            let sentence = "\(error)"
            return (error as? ProcessorStartError)?.underlyingError is SQLiteStoreError
                && sentence.contains("'\(path)'") && !sentence.contains("\n")
        }
        #expect(self.directory.contents == ["taken"])
        var envelope = Envelope.sample("id-1")
        await #expect(throws: (any Error).self) { try await chain.save(&envelope) }
    }

    @Test(
        arguments: [
            (["sqlite_path": 3], "backend_config.sqlite_path: expected a string, found the number 3"),
            (["sqlite_busy_timeout": 5], "backend_config.sqlite_busy_timeout: expected a duration such as"),
            (["sqlite_busy_timeout": "2h"], "backend_config.sqlite_busy_timeout: 2h0m0s is out of range"),
        ] as [(ConfigurationObject, String)]
    )
    func wrongValuesAreToldWithTheirKey(values: ConfigurationObject, sentence: String) {
        #expect {
            try self.chain(values: values)
        } throws: { error in
            error is ConfigurationError && "\(error)".hasPrefix(sentence)
        }
    }

    @Test func twoGenerationsStoreInTheSameFile() async throws {
        let old = try self.chain()
        let new = try self.chain()
        try await old.start()
        try await new.start()
        try await withThrowingTaskGroup(of: SaveVerdict.self) { group in
            for number in 0..<40 {
                let chain = number.isMultiple(of: 2) ? old : new
                group.addTask {
                    var envelope = Envelope.sample("id-\(number)")
                    return try await chain.save(&envelope)
                }
            }
            for try await verdict in group { #expect(verdict == .stored) }
        }
        await old.shutdown(deadline: .now + patience)
        var last = Envelope.sample("last")
        #expect(try await new.save(&last) == .stored)
        await new.shutdown(deadline: .now + patience)
        #expect(try self.list().count == 41)
    }

    // MARK: Groups

    @Test func messagesThatWaitTogetherAreCommittedTogether() async throws {
        let (chain, processor) = try self.processorInChain()
        try await chain.start()
        let lock = try WriteLock(self.file)
        let first = self.save("first", to: chain)
        #expect(await eventually { processor.statistics?.queuedItems == 0 })
        let rest = (0..<100).map { self.save("id-\($0)", to: chain) }
        #expect(await eventually { processor.statistics?.queuedItems == 100 })
        try lock.release()
        #expect(try await first.value == .stored)
        for saving in rest { #expect(try await saving.value == .stored) }
        #expect(processor.statistics?.committedItems == 101)
        #expect(processor.statistics?.committedBatches == 2)
        #expect(processor.statistics?.largestBatch == 100)
        await chain.shutdown(deadline: .now + patience)
        #expect(try self.list().count == 101)
    }

    @Test func cancellingATaskWithdrawsItsQueuedMessage() async throws {
        let (chain, processor) = try self.processorInChain()
        try await chain.start()
        let lock = try WriteLock(self.file)
        let first = self.save("first", to: chain)
        #expect(await eventually { processor.statistics?.queuedItems == 0 })
        let queued = self.save("queued", to: chain)
        #expect(await eventually { processor.statistics?.queuedItems == 1 })
        queued.cancel()
        await #expect(throws: CancellationError.self) { try await queued.value }
        #expect(processor.statistics?.withdrawnItems == 1)
        // Cancelling what is being committed changes nothing.
        first.cancel()
        try lock.release()
        #expect(try await first.value == .stored)
        await chain.shutdown(deadline: .now + patience)
        #expect(try self.list() == ["first"])
    }

    @Test func shutdownCommitsWhatIsQueued() async throws {
        let (chain, processor) = try self.processorInChain()
        try await chain.start()
        let lock = try WriteLock(self.file)
        let first = self.save("first", to: chain)
        #expect(await eventually { processor.statistics?.queuedItems == 0 })
        let queued = (0..<10).map { self.save("id-\($0)", to: chain) }
        #expect(await eventually { processor.statistics?.queuedItems == 10 })
        let stopping = Task { await chain.shutdown(deadline: .now + patience) }
        #expect(await eventually { processor.statistics == nil })
        try lock.release()
        await stopping.value
        #expect(try await first.value == .stored)
        for saving in queued { #expect(try await saving.value == .stored) }
        #expect(try self.list().count == 11)
    }

    @Test func whatIsQueuedAtTheDeadlineIsRefusedAndNeverStored() async throws {
        let (chain, processor) = try self.processorInChain()
        try await chain.start()
        let lock = try WriteLock(self.file)
        let first = self.save("first", to: chain)
        #expect(await eventually { processor.statistics?.queuedItems == 0 })
        let queued = self.save("queued", to: chain)
        #expect(await eventually { processor.statistics?.queuedItems == 1 })
        let stopping = Task { await chain.shutdown(deadline: .now) }
        await #expect(throws: GroupCommitError.shutDown) { try await queued.value }
        try lock.release()
        #expect(try await first.value == .stored)
        await stopping.value
        #expect(try self.list() == ["first"])
    }

    /// Each of them waits for its last commit, but not on a thread that everybody shares.
    @Test func shutdownsThatWaitDoNotStopTheRestOfTheProcess() async throws {
        var stores: [(lock: WriteLock, saving: Task<SaveVerdict, any Error>, stopping: Task<Void, Never>)] = []
        for number in 0..<(ProcessInfo.processInfo.activeProcessorCount + 2) {
            let file = self.directory.path("\(number).sqlite")
            let (chain, processor) = try self.processorInChain(file: file)
            try await chain.start()
            let lock = try WriteLock(file)
            let saving = self.save("id", to: chain)
            #expect(await eventually { processor.statistics?.queuedItems == 0 })
            let stopping = Task { await chain.shutdown(deadline: .now) }
            #expect(await eventually { processor.statistics == nil })
            stores.append((lock, saving, stopping))
        }
        // On the shared threads, all of which would be taken now.
        for _ in 0..<1_000 { await Task.detached {}.value }
        for store in stores { try store.lock.release() }
        for store in stores {
            #expect(try await store.saving.value == .stored)
            await store.stopping.value
        }
    }

    @Test func fileThatStaysLockedFailsTheMessageAndNotTheNext() async throws {
        let (chain, processor) = try self.processorInChain(busyTimeout: "10ms")
        try await chain.start()
        let lock = try WriteLock(self.file)
        var envelope = Envelope.sample("refused")
        let error = await #expect(throws: OutageError.self) { try await chain.save(&envelope) }
        #expect(error?.reason is CommitFailure)
        #expect(processor.statistics?.failedItems == 1)
        try lock.release()
        var next = Envelope.sample("next")
        #expect(try await chain.save(&next) == .stored)
        await chain.shutdown(deadline: .now + patience)
        #expect(try self.list() == ["next"])
    }

    // MARK: Chains

    /// Answers in the place of the end of the chain.
    struct Replying: Processor {
        static let capabilities: ProcessorCapabilities = [.saves]

        func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict { .reply(.localError) }
    }

    private func context(_ values: ConfigurationObject) -> ProcessorContext {
        ProcessorContext(
            configuration: ProcessorConfiguration(values: values),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            primaryMailHost: "mx.example.org",
            // The store waits no longer than half of it for a lock.
            saveTimeout: .seconds(7_200)
        )
    }

    private func chain(
        _ names: String = "HeadersParser|Header|sqlite",
        path: String? = nil,
        values: ConfigurationObject = [:]
    ) throws -> ProcessorChain {
        var registry = ProcessorRegistry(BuiltInProcessors.all)
        registry.register(SQLiteProcessor.description)
        registry.register(ProcessorDescription("Replying", Replying.self) { _ in Replying() })
        var all: ConfigurationObject = ["sqlite_path": .string(path ?? self.file)]
        for key in values.keys { all[key] = values[key] }
        return try ProcessorChain(save: names, registry: registry, context: self.context(all))
    }

    /// A chain together with its processor, whose statistics a test wants to see.
    private func processorInChain(
        file: String? = nil,
        busyTimeout: String = "1h"
    ) throws -> (ProcessorChain, SQLiteProcessor) {
        let context = self.context([
            "sqlite_path": .string(file ?? self.file), "sqlite_busy_timeout": .string(busyTimeout),
        ])
        let processor = try #require(try SQLiteProcessor.description.make(context) as? SQLiteProcessor)
        let registry = ProcessorRegistry([ProcessorDescription("sqlite", SQLiteProcessor.self) { _ in processor }])
        return (try ProcessorChain(save: "sqlite", registry: registry, context: context), processor)
    }

    private func withChain<R: Sendable>(
        _ names: String = "HeadersParser|Header|sqlite",
        _ body: (ProcessorChain) async throws -> R
    ) async throws -> R {
        let chain = try self.chain(names)
        try await chain.start()
        let result: Result<R, any Error>
        do {
            result = .success(try await body(chain))
        } catch {
            result = .failure(error)
        }
        await chain.shutdown(deadline: .now + patience)
        return try result.get()
    }

    /// Begins to save at once: when this returns, the message is in the queue of its store.
    private func save(_ queuedID: String, to chain: ProcessorChain) -> Task<SaveVerdict, any Error> {
        Task.immediate {
            var envelope = Envelope.sample(queuedID)
            return try await chain.save(&envelope)
        }
    }

    private func message(_ queuedID: String) throws -> StoredMessage {
        try SQLiteMessageReader(readingFrom: self.file).message(.queuedID(queuedID)).message
    }

    /// The queued ids in the store, oldest first.
    private func list() throws -> [String] {
        try SQLiteMessageReader(readingFrom: self.file).list(limit: 1_000).map(\.queuedID).reversed()
    }
}

/// Keeps everybody else from writing to a database, as another program might.
private final class WriteLock {
    private let queue: DatabaseQueue

    init(_ path: String) throws {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        self.queue = try DatabaseQueue(path: path, configuration: configuration)
        try self.queue.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    }

    func release() throws {
        try self.queue.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try self.queue.close()
    }
}

extension Envelope {
    /// A message from `alice@example.org` to `bob@example.com`, received on 2026-11-21 at 08:06:48 UTC in the chunks in
    /// which a session would keep it.
    fileprivate static func sample(
        _ queuedID: String,
        octets: [UInt8] = Array("Subject: s\r\n\r\nbody\r\n".utf8)
    ) -> Envelope {
        var builder = MessageDataBuilder(memory: MessageMemory(budget: MemoryBudget(limit: 1 << 26)))
        let isWithinBudget = octets.withUnsafeBytes { builder.append($0) }
        precondition(isWithinBudget, "the budget is larger than any message of these tests")
        return Envelope(
            queuedID: QueuedID(text: queuedID),
            client: ClientInfo(
                address: IPAddress("192.0.2.1"),
                port: 40_001,
                helo: .name("client.example"),
                isExtended: true,
                serverName: "mx.example.org"
            ),
            reversePath: .mailbox(Mailbox(localPart: "alice", domain: .name("example.org"))),
            recipients: [.sample("bob")],
            data: builder.build(),
            receivedAt: 1_795_248_408_123_456
        )
    }
}

extension Recipient {
    fileprivate static func sample(_ localPart: String) -> Recipient {
        Recipient(.mailbox(Mailbox(localPart: localPart, domain: .name("example.com"))))
    }
}
#endif
