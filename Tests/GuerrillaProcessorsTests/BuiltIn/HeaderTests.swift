import GuerrillaBackend
import GuerrillaMail
import GuerrillaProcessors
import NIOCore
import Testing

struct HeaderTests {
    /// The delivery header made for an envelope.
    private func deliveryHeader(_ envelope: Envelope) async throws -> String {
        let passed = try await ProcessorHarness().pass(envelope, through: "Header")
        return String(buffer: try #require(passed?.deliveryHeader).octets())
    }

    private let ending = ";\r\n\tSat, 21 Nov 2026 08:06:48 +0000\r\n"

    @Test func ehloWithOneRecipient() async throws {
        #expect(
            try await self.deliveryHeader(.sample()) == "Return-Path: <alice@example.org>\r\n"
                + "Received: from client.example ([192.0.2.1])\r\n"
                + "\tby mx.example.org with ESMTP id 7f3a09 for <bob@example.com>\(self.ending)"
        )
    }

    @Test func heloWithTheNullReversePath() async throws {
        var envelope = Envelope.sample()
        envelope.client.isExtended = false
        envelope.reversePath = .null
        #expect(
            try await self.deliveryHeader(envelope) == "Return-Path: <>\r\n"
                + "Received: from client.example ([192.0.2.1])\r\n"
                + "\tby mx.example.org with SMTP id 7f3a09 for <bob@example.com>\(self.ending)"
        )
    }

    @Test func recipientsAreNotToldOfEachOther() async throws {
        var envelope = Envelope.sample()
        envelope.recipients.append(.sample("carol"))
        #expect(
            try await self.deliveryHeader(envelope) == "Return-Path: <alice@example.org>\r\n"
                + "Received: from client.example ([192.0.2.1])\r\n"
                + "\tby mx.example.org with ESMTP id 7f3a09\(self.ending)"
        )
        envelope.recipients = []
        #expect(try await !self.deliveryHeader(envelope).contains(" for "))
    }

    @Test(arguments: [
        ("2001:db8::25", "[IPv6:2001:db8::25]"), ("::1", "[IPv6:::1]"), ("203.0.113.255", "[203.0.113.255]"),
    ])
    func clientAddressIsAnAddressLiteral(address: String, literal: String) async throws {
        var envelope = Envelope.sample()
        envelope.client.address = IPAddress(address)
        #expect(try await self.deliveryHeader(envelope).contains("Received: from client.example (\(literal))\r\n"))
    }

    @Test(arguments: ["[192.0.2.7]", "[IPv6:2001:db8::7]", "[tag:content]"])
    func heloMayBeALiteral(_ literal: String) async throws {
        var envelope = Envelope.sample()
        envelope.client.helo = .literal(try #require(AddressLiteral(literal)))
        #expect(try await self.deliveryHeader(envelope).contains("Received: from \(literal) ([192.0.2.1])\r\n"))
    }

    @Test func clientWithoutHeloIsNamedByItsAddress() async throws {
        var envelope = Envelope.sample()
        envelope.client.helo = nil
        #expect(try await self.deliveryHeader(envelope).contains("Received: from [192.0.2.1] ([192.0.2.1])\r\n"))
    }

    @Test func clientWithoutAddressHasNoEmptyComment() async throws {
        var envelope = Envelope.sample()
        envelope.client.address = nil
        #expect(
            try await self.deliveryHeader(envelope) == "Return-Path: <alice@example.org>\r\n"
                + "Received: from client.example\r\n"
                + "\tby mx.example.org with ESMTP id 7f3a09 for <bob@example.com>\(self.ending)"
        )
    }

    @Test func clientOfWhichNothingIsKnownStillHasAName() async throws {
        var envelope = Envelope.sample()
        envelope.client.address = nil
        envelope.client.helo = nil
        #expect(try await self.deliveryHeader(envelope).contains("Received: from unknown\r\n"))
    }

    @Test func tlsIsTold() async throws {
        var envelope = Envelope.sample()
        envelope.client.tls = TLSInfo(version: "TLSv1.3")
        #expect(try await self.deliveryHeader(envelope).contains(" with ESMTPS (TLSv1.3) id 7f3a09"))
    }

    @Test func postmasterWithoutDomainIsARecipientLikeOthers() async throws {
        var envelope = Envelope.sample()
        envelope.recipients = [Recipient(.postmaster)]
        #expect(try await self.deliveryHeader(envelope).contains(" for <postmaster>;\r\n"))
    }

    @Test func quotedLocalPartIsWrittenAsSent() async throws {
        var envelope = Envelope.sample()
        envelope.reversePath = .mailbox(Mailbox(localPart: "a b", domain: .name("example.org")))
        #expect(try await self.deliveryHeader(envelope).hasPrefix("Return-Path: <\"a b\"@example.org>\r\n"))
    }

    @Test func messageItselfIsLeftAlone() async throws {
        let envelope = Envelope.sample("Subject: s\r\n\r\nbody")
        let passed = try await ProcessorHarness().pass(envelope, through: "Header")
        #expect(passed?.data == envelope.data)
    }
}
