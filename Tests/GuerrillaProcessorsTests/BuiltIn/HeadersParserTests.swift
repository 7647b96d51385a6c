import GuerrillaBackend
import GuerrillaMail
import GuerrillaProcessors
import GuerrillaSMTP
import InMemoryLogging
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

struct HeadersParserTests {
    private let harness = ProcessorHarness()

    private func parsed(_ data: MessageData) async throws -> Envelope {
        try #require(try await self.harness.pass(.sample(data), through: "HeadersParser"))
    }

    private func parsed(_ text: String) async throws -> Envelope {
        try await self.parsed(MessageData(ByteBuffer(string: text)))
    }

    /// A harness whose HeadersParser has other limits than the default.
    private func harness(limits: HeaderLimits) -> ProcessorHarness {
        ProcessorHarness([
            { logger in
                ProcessorDescription("HeadersParser", HeadersParser.self) { _ in
                    HeadersParser(limits: limits, logger: logger)
                }
            }
        ])
    }

    /// `count` fields of 500 octets, CRLF included.
    private func fields(_ count: Int) -> String {
        (1...count).map { "X-\($0): ".padding(to: 498, with: "x") + "\r\n" }.joined()
    }

    @Test func fieldsKeepTheirOrderAndTheirRepetition() async throws {
        let text =
            "To: bob@example.com\r\nReceived: one\r\nsubject: Hello\r\n\tworld\r\nReceived: two\r\n\r\nBody: none\r\n"
        let envelope = try await self.parsed(text)
        let header = try #require(envelope.header)
        #expect(header.fields.map(\.name) == ["To", "Received", "subject", "Received"])
        #expect(header.fields.map(\.body) == ["bob@example.com", "one", "Hello\tworld", "two"])
        #expect(header.endsWithEmptyLine)
        #expect(header.octetCount == text.utf8.count - "Body: none\r\n".utf8.count)
        #expect(envelope.subject == "Hello\tworld")
        #expect(self.harness.log.isEmpty)
    }

    @Test(arguments: [
        ("Subject: plain", "plain"),
        ("SUBJECT:   spaced  ", "spaced"),
        ("Subject:", ""),
        ("Subject: raw ünï", "raw ünï"),
        ("Subject: =?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=", "日本語"),
        ("Subject: =?iso-2022-jp?b?GyRCRnxLXDhsGyhC?= and more", "日本語 and more"),
        ("Subject: =?ISO-8859-1?Q?Caf=E9_au_lait?=", "Café au lait"),
        ("Subject: =?KOI8-R?B?8NLJ18XU?=", "Привет"),
        ("Subject: =?windows-1251?B?z/Do4uXy?=", "Привет"),
        ("Subject: =?UTF-8?B?w6k=?=\r\n =?UTF-8?Q?=C3=A9?=", "éé"),
        ("Subject: =?x-nonesuch?Q?as_sent=E9?=", "=?x-nonesuch?Q?as_sent=E9?="),
        ("Subject: first\r\nSubject: second", "first"),
        // What go-guerrilla's scanner loses or leaves as it is.
        ("Subject: =?Shift_JIS?B?k/qWew==?=", "日本"),
        ("Subject: =?ks_c_5601-1987?B?x9GxuQ==?=", "한국"),
        ("Subject: =?UTF-8*ko?B?7ZWc?=", "한"),
        ("Subject: =?utf-8?Q?a?= x=y z", "a x=y z"),
        ("Subject: 1+1=2 =?utf-8?Q?x?= ok", "1+1=2 x ok"),
        ("Subject: =?utf-8?Q?a?= =?utf-8?Q?b", "a =?utf-8?Q?b"),
        ("Subject: =?Shift_JIS?B?k/o=?=\r\n =?Shift_JIS?B?lns=?=", "日本"),
        ("Subject: =?GB2312?B?1tA=?= =?GB2312?B?zsQ=?=", "中文"),
        ("Subject: =?GB2312?B?1tDO?= =?GB2312?B?xA==?=", "中文"),
    ])
    func subjectIsDecoded(field: String, subject: String) async throws {
        #expect(try await self.parsed("\(field)\r\n\r\n").subject == subject)
    }

    /// It is decoded on another thread, and the chain goes on where it was.
    @Test func subjectOfHundredsOfKilobytesIsDecoded() async throws {
        let words = String(repeating: " =?ISO-8859-1?Q?=E9?=\r\n", count: 20_000)
        let envelope = try await self.parsed("Subject:\(words)\r\nbody\r\n")
        #expect(envelope.subject == String(repeating: "é", count: 20_000))
    }

    @Test func withoutSubjectFieldThereIsNoSubject() async throws {
        let envelope = try await self.parsed("To: bob@example.com\r\n\r\nSubject: in the body\r\n")
        #expect(envelope.subject == nil)
        #expect(envelope.header?.fields.count == 1)
    }

    @Test(arguments: ["", "\r\n", "\r\nSubject: in the body\r\n"])
    func messageWithoutHeaderSectionHasNoFields(_ text: String) async throws {
        for data in [MessageData(ByteBuffer(string: text)), .received(text)] {
            let envelope = try await self.parsed(data)
            #expect(envelope.header?.fields.isEmpty == true)
            #expect(envelope.subject == nil)
        }
    }

    @Test func whatStandsBeforeAMalformedLineIsKeptAndTheChainGoesOn() async throws {
        let envelope = try await self.parsed(
            "Subject: kept\r\nTo: bob\r\nno field at all\r\nFrom: lost\r\n\r\nsecret body"
        )
        #expect(envelope.header?.fields.map(\.name) == ["Subject", "To"])
        #expect(envelope.header?.endsWithEmptyLine == false)
        #expect(envelope.subject == "kept")
        let entry = try #require(self.harness.log.first)
        #expect(self.harness.log.count == 1)
        #expect(entry.level == .debug)
        #expect(entry.message == "parse headers error")
        #expect(entry.metadata["smtp.queued_id"] == "7f3a09")
        #expect("\(entry.metadata)".contains("line is not a header field, at octet 24, after 2 fields"))
        #expect(!"\(entry.metadata)".contains("no field at all"))
    }

    @Test func octetsAreNotChanged() async throws {
        let data = MessageData.received("Subject: a\nFrom : b\r\n\r\nbody\r\r\n.\0")
        #expect(try await self.parsed(data).data == data)
    }

    // MARK: Messages in several chunks

    @Test func firstChunkOfALargeMessageIsEnough() async throws {
        let head = "Subject: large\r\nTo: bob@example.com\r\n\r\n"
        let data = MessageData.received(head + String(repeating: "body line\r\n", count: 60_000))
        #expect(data.isInChunks)
        let envelope = try await self.parsed(data)
        #expect(envelope.subject == "large")
        #expect(envelope.header?.octetCount == head.utf8.count)
        #expect(envelope.header?.endsWithEmptyLine == true)
        #expect(self.harness.log.isEmpty)
    }

    @Test func headerSectionMayReachBeyondTheFirstChunk() async throws {
        let head = self.fields(700) + "Subject: far behind\r\n\r\n"
        #expect(head.utf8.count > 262_144)
        let envelope = try await self.parsed(.received(head + "body\r\n"))
        #expect(envelope.subject == "far behind")
        #expect(envelope.header?.fields.count == 701)
        #expect(envelope.header?.octetCount == head.utf8.count)
        #expect(envelope.header?.fields.dropLast().allSatisfy { $0.rawOctets.count == 498 } == true)
        #expect(self.harness.log.isEmpty)
    }

    /// The boundary of the first chunk lies anywhere in the end of the header section.
    @Test(arguments: -3...5)
    func boundaryBetweenChunksIsNoticedByNobody(shift: Int) async throws {
        let ending = "\r\nSubject: s\r\n\r\n"
        let head = "X: ".padding(to: 262_144 - ending.utf8.count + shift, with: "x") + ending
        let envelope = try await self.parsed(.received(head + "body: text\r\n"))
        #expect(envelope.header?.fields.map(\.name) == ["X", "Subject"])
        #expect(envelope.header?.octetCount == head.utf8.count)
        #expect(envelope.subject == "s")
        #expect(self.harness.log.isEmpty)
    }

    @Test func malformedLineInALargeMessageKeepsWhatStandsBefore() async throws {
        let head = self.fields(600) + "Subject: kept\r\n" + "no field\r\nFrom: lost\r\n\r\n"
        let envelope = try await self.parsed(.received(head + String(repeating: "x", count: 300_000)))
        #expect(envelope.header?.fields.count == 601)
        #expect(envelope.subject == "kept")
        #expect(self.harness.log.count == 1)
    }

    // MARK: Memory

    /// What is held beside the message: 32 octets for each field, the subject.
    @Test(arguments: [
        ("Subject: s\r\n" + String(repeating: "A:\r\n", count: 999), 32_000),
        ("Subject: " + String(repeating: "s", count: 30_000) + "\r\n", 30_000),
        ("Subject: =?tis-620?q?" + String(repeating: "=A1", count: 5_000) + "?=\r\n", 15_000),
        ("Subject: " + String(repeating: "s", count: 300_000) + "\r\n", 300_000 + 300_000),
    ])
    func fieldsAndSubjectAreChargedUntilTheMessageGoes(head: String, held: Int) async throws {
        let budget = MemoryBudget(limit: 1 << 26)
        var data: MessageData? = .received(head + "\r\nbody\r\n", budget: budget)
        let before = budget.used
        var header = try await self.parsed(try #require(data)).header
        #expect(budget.used >= before + held)
        #expect(budget.used <= before + held + 300_000)
        let charged = budget.used
        self.harness.kept.removeAll()
        data = nil
        // Whoever keeps a field keeps the message.
        #expect(header?[first: "subject"] != nil)
        #expect(budget.used == charged)
        header = nil
        #expect(budget.used == 0)
    }

    @Test func ordinaryFieldsAreNotCounted() async throws {
        let budget = MemoryBudget(limit: 1 << 26)
        let data = MessageData.received("Subject: s\r\n" + self.fields(30) + "\r\nbody\r\n", budget: budget)
        let before = budget.used
        #expect(try await self.parsed(data).header?.fields.count == 31)
        #expect(budget.used == before)
    }

    @Test(arguments: ["A: b\r\n", "Subject: s\r\n"])
    func withoutMemoryTheClientKeepsTheMessage(field: String) async throws {
        let text = String(repeating: field, count: 900) + "Subject: \(String(repeating: "s", count: 4_000))\r\n\r\nbody"
        let budget = MemoryBudget(limit: 40_000)
        let data = MessageData.received(text, budget: budget)
        let before = budget.used
        let error = await #expect(throws: MessageMemoryExhausted.self) { _ = try await self.parsed(data) }
        #expect(error?.smtpReply == .insufficientStorage)
        #expect(budget.used == before)
    }

    // MARK: Cost

    /// The dearest subject there is: the words behind the limit stay as they were sent.
    @Test func subjectTakesSoManyConversions() async throws {
        let words = (0..<4_000).map { "=?\($0.isMultiple(of: 2) ? "koi8-r" : "iso-2022-jp")?q?a?=" }
        let subject = try await self.parsed("Subject: \(words.joined(separator: "\r\n "))\r\n\r\n").subject
        #expect(
            subject == String(repeating: "a", count: 1_000) + " " + words.dropFirst(1_000).joined(separator: " ")
        )
    }

    /// What holds an event loop is bounded by what it costs, not by its size.
    @Test(arguments: [(2_000, true), (4_000, false), (60_000, false)])
    func longSubjectIsDecodedElsewhere(size: Int, isOnLoop: Bool) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let places = Mutex<[Bool]>([])
        let charsets = SpyingConverter { places.withLock { $0.append(loop.inEventLoop) } }
        let parser = HeadersParser(charsets: charsets, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let data = MessageData.received("Subject: =?x?q?a?= \(String(repeating: "b", count: size - 10))\r\n\r\n")
        try await Task(executorPreference: EventLoopTaskExecutor(loop)) {
            var envelope = Envelope.sample(data)
            _ = try await parser.save(&envelope, next: SaveNext([]))
        }.value
        try await group.shutdownGracefully()
        #expect(places.withLock { $0 } == [isOnLoop])
    }

    private struct SpyingConverter: CharsetConverter {
        let onCall: @Sendable () -> Void

        func utf8String(from octets: [UInt8], charset: String) -> String? {
            self.onCall()
            return String(decoding: octets, as: UTF8.self)
        }
    }

    // MARK: Limits

    @Test func headerSectionOverTheLimitIsCutBetweenFields() async throws {
        // 2,200 × 500 octets; more fields are allowed than by default, so that only the size matters.
        let harness = self.harness(limits: HeaderLimits(maximumFieldCount: 10_000))
        let data = MessageData.received("Subject: kept\r\n" + self.fields(2_200) + "\r\nbody\r\n")
        let envelope = try #require(try await harness.pass(.sample(data), through: "HeadersParser"))
        let header = try #require(envelope.header)
        #expect(envelope.subject == "kept")
        #expect(header.fields.count == 1 + (1_048_576 - 15) / 500)
        #expect(header.fields.dropFirst().allSatisfy { $0.rawOctets.count == 498 })
        #expect(!header.endsWithEmptyLine)
        #expect(harness.log.map(\.message) == ["parse headers error"])
        #expect("\(harness.log.map(\.metadata))".contains("header section larger than allowed"))
    }

    @Test(arguments: [100, 299_999, 300_000])
    func limitCountsTheSectionAndNotTheMessage(bodySize: Int) async throws {
        let head = "Subject: s\r\n\r\n"
        let data = MessageData.received(head + String(repeating: "x", count: bodySize))
        let exact = self.harness(limits: HeaderLimits(maximumSize: head.utf8.count))
        #expect(try await exact.pass(.sample(data), through: "HeadersParser")?.header?.endsWithEmptyLine == true)
        #expect(exact.log.isEmpty)
        let tooSmall = self.harness(limits: HeaderLimits(maximumSize: head.utf8.count - 1))
        let cut = try await tooSmall.pass(.sample(data), through: "HeadersParser")
        #expect(cut?.header?.fields.map(\.body) == ["s"])
        #expect(cut?.header?.endsWithEmptyLine == false)
        #expect(tooSmall.log.count == 1)
    }

    @Test(arguments: [0, Int.max, -1])
    func absurdLimitsDoNotTrap(size: Int) async throws {
        let harness = self.harness(limits: HeaderLimits(maximumSize: size))
        for text in ["Subject: s\r\n\r\n", self.fields(700) + "\r\n"] {
            #expect(try await harness.pass(.sample(.received(text)), through: "HeadersParser") != nil)
        }
    }

    @Test func fieldsBeyondTheLimitAreLeftOut() async throws {
        let envelope = try await self.parsed(
            "Subject: s\r\n" + String(repeating: "A: b\r\n", count: 1_000) + "\r\nbody"
        )
        #expect(envelope.header?.fields.count == 1_000)
        #expect(envelope.subject == "s")
        #expect("\(self.harness.log.map(\.metadata))".contains("more header fields than allowed"))
    }
}

extension String {
    fileprivate func padding(to length: Int, with character: Character) -> String {
        self + String(repeating: character, count: length - self.utf8.count)
    }
}
