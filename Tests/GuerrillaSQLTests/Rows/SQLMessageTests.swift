import GuerrillaBackend
import GuerrillaMail
import GuerrillaTesting
import NIOCore
import Testing

@testable import GuerrillaSQL

@Suite struct SQLMessageTests {
    private func rows(
        _ data: String,
        to recipients: [String] = ["b@example.com"],
        client: ClientInfo = .testing,
        change: (inout Envelope) -> Void = { _ in }
    ) async throws -> [MailRow] {
        var envelope = try Envelope.testing(from: "s@example.org", to: recipients, data: data, client: client)
        let header = Array(data.utf8)
        envelope.header = try HeaderParser.parse(header.span)
        change(&envelope)
        return try await SQLMessage(envelope, lineEndings: .crlf, mailHost: "mail.example.com").rows
    }

    @Test func oneRowForEachRecipient() async throws {
        let rows = try await self.rows(
            "To: \"B, x\" <b@example.com>, c@example.com\r\nReply-To: R <r@example.org> (r)\r\nSender: nobody\r\n\r\nHi\r\n",
            to: ["b@example.com", "postmaster"]
        ) { envelope in
            envelope.subject = "Grüße"
            envelope.hashes = ["first", "second"]
        }
        #expect(rows.map(\.recipient) == ["b@example.com", "postmaster"])
        for row in rows {
            #expect(row.to == "b@example.com")
            #expect(row.from == "s@example.org")
            #expect(row.returnPath == "s@example.org")
            #expect(row.subject == "Grüße")
            #expect(row.hash == "first")
            #expect(row.replyTo == "r@example.org")
            #expect(row.sender == "")
            #expect(row.body == "")
            #expect(row.address == [192, 0, 2, 1])
            #expect(!row.isTLS)
        }
        #expect(rows.map(\.messageID) == ["first.b@mail.example.com", "first.postmaster@mail.example.com"])
        #expect(rows[0].values.count == MailRow.columns.count)
    }

    @Test(
        arguments: [
            ("192.0.2.1", [192, 0, 2, 1]), ("0.0.0.1", [0, 0, 0, 1]), ("::ffff:192.0.2.1", [192, 0, 2, 1]),
            ("2001:db8::1", [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            ("::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            ("2001:db8:1:2:3:4:5:6", [0x20, 1, 0x0d, 0xb8, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6]),
        ] as [(String, [UInt8])]
    )
    func addressesKeepAllTheirOctets(text: String, octets: [UInt8]) async throws {
        let rows = try await self.rows("\r\n", client: ClientInfo(address: IPAddress(text)))
        #expect(rows[0].address == octets)
    }

    @Test func aClientWithoutAddressHasNone() async throws {
        #expect(try await self.rows("\r\n", client: ClientInfo(address: nil))[0].address == [])
    }

    @Test func whatIsElsewhereIsNotStoredAgain() async throws {
        let stream = CompressedMessage(algorithm: .zlib, octets: ByteBuffer(string: "z"), originalSize: 9)
        let compressed = try await self.rows("\r\n") { $0[CompressedMessage.self] = stream }
        #expect(compressed[0].body == "gzip")
        #expect(compressed[0].mailOctets == 1)
        let external = try await self.rows("\r\n") { envelope in
            envelope[CompressedMessage.self] = stream
            envelope[ExternalBody.self] = "redis"
        }
        #expect(external[0].body == "redis")
        #expect(external[0].mailOctets == 0)
    }

    /// A message, with a budget that it is charged to.
    private func charged(_ budget: MemoryBudget, recipients: Int) throws -> Envelope {
        var builder = MessageDataBuilder(memory: MessageMemory(budget: budget))
        let octets = Array("Subject: x\r\n\r\nbody\r\n".utf8)
        try #require(octets.withUnsafeBytes { builder.append($0) })
        let header = ByteBuffer(string: String(repeating: "Received: from x\r\n", count: 40))
        var envelope = try Envelope.testing(to: (0..<recipients).map { "user\($0)@example.com" })
        envelope.data = builder.build()
        envelope.deliveryHeader = DeliveryHeader(fields: header)
        return envelope
    }

    @Test func rowsOfManyRecipientsAreChargedUntilTheMessageGoes() async throws {
        let budget = MemoryBudget(limit: 1 << 20)
        var one: Envelope? = try self.charged(budget, recipients: 1)
        _ = try await SQLMessage(try #require(one), lineEndings: .crlf, mailHost: "x")
        #expect(budget.used == 4_096)
        one = nil
        var many: Envelope? = try self.charged(budget, recipients: 100)
        _ = try await SQLMessage(try #require(many), lineEndings: .crlf, mailHost: "x")
        #expect(budget.used > 4_096 + 100 * 720)
        many = nil
        #expect(budget.used == 0)
    }

    @Test func withoutMemoryForTheRowsTheClientKeepsTheMessage() async throws {
        let budget = MemoryBudget(limit: 50_000)
        let envelope = try self.charged(budget, recipients: 100)
        await #expect(throws: MessageMemoryExhausted.self) {
            _ = try await SQLMessage(envelope, lineEndings: .crlf, mailHost: "x")
        }
        #expect(budget.used == 4_096)
    }

    @Test func theMessageIsBoundOctetForOctet() async throws {
        let rows = try await self.rows("To: x\r\n\r\n\0'\\\r\n")
        let bound = BoundRows(rows)
        let range = bound.ranges[MailRow.mailColumn]
        #expect(Array(bound.octets[range]) == Array("To: x\r\n\r\n\0'\\\r\n".utf8))
        #expect(bound.ranges.count == MailRow.columns.count)
        #expect(!bound.flag(inRow: 0))
    }

    @Test func partsAreBoundedInRowsAndOctets() async throws {
        let small = MailRow()
        var large = MailRow()
        large.mail = .compressed(ByteBuffer(repeating: 0, count: 100_000))
        #expect([small, small, small].parts(count: 2, octets: 1 << 20).map(\.count) == [2, 1])
        #expect([small, large, small, small].parts(count: 9, octets: 50_000).map(\.count) == [1, 1, 2])
        #expect([MailRow]().parts(count: 2, octets: 10).isEmpty)
    }
}

@Suite struct LimitedTextTests {
    @Test func aCharacterIsNeverCut() {
        let text = String(repeating: "a", count: 254) + "é"
        #expect(LimitedText.cut(text) == String(repeating: "a", count: 254))
        #expect(LimitedText.cut(String(repeating: "😀", count: 99)).utf8.count == 252)
    }

    @Test func whiteSpaceInFrontGoesHoweverMuch() {
        #expect(LimitedText.cut(String(repeating: " \t", count: 1 << 20) + "a") == "a")
        #expect(LimitedText.cut(String(repeating: "\r\n", count: 1 << 20)) == "")
    }

    @Test func whiteSpaceAndNULGo() {
        #expect(LimitedText.cut(" \t a b \r\n") == "a b")
        #expect(LimitedText.cut("a\0b") == "a\u{FFFD}b")
        #expect(LimitedText.cut("") == "")
    }
}

@Suite struct FirstAddressTests {
    @Test(
        arguments: [
            ("a@example.com", "a@example.com"), ("A B <a@example.com>", "a@example.com"),
            ("\"A, B <x@y>\" <a@example.com>, c@example.com", "a@example.com"),
            ("(comment <x@y> (nested)) a@example.com", "a@example.com"), ("a@example.com (A)", "a@example.com"),
            ("Group: a@example.com, b@example.com;", "a@example.com"), ("<@relay:a@example.com>", "a@example.com"),
            ("\"a b\"@example.com", "\"a b\"@example.com"), ("<id$1@host>", "id$1@host"),
            ("Nobody, <a@example.com>", "a@example.com"),
        ]
    )
    func found(body: String, address: String) {
        #expect(FirstAddress.find(in: HeaderField(name: "To", body: body)) == address)
    }

    @Test(arguments: [
        "", "nobody", "@", "a@", "@b", "<>", "<", "\"", "(", "\"a@b", "undisclosed-recipients:;", ":", "(\\",
    ])
    func none(body: String) {
        #expect(FirstAddress.find(in: HeaderField(name: "To", body: body)) == nil)
    }
}
