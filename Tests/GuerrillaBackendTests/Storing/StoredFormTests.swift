import GuerrillaBackend
import GuerrillaMail
import NIOCore
import Testing

struct StoredFormTests {
    private func envelope(
        _ data: MessageData,
        header: String? = "Return-Path: <>\r\n",
        bodyType: BodyType = .sevenBit
    ) -> Envelope {
        var envelope = Envelope(
            queuedID: QueuedID(text: "1"),
            client: ClientInfo(address: nil, serverName: "mail.example.com"),
            reversePath: .null,
            recipients: [],
            bodyType: bodyType,
            data: data,
            receivedAt: 0
        )
        envelope.deliveryHeader = header.map { DeliveryHeader(fields: ByteBuffer(string: $0)) }
        return envelope
    }

    /// A message whose first chunk ends after `count` octets: 4,096 is the size of the smallest chunk, so the rest makes it move up.
    private func chunked(_ text: String) throws -> MessageData {
        var builder = MessageDataBuilder(memory: MessageMemory(budget: MemoryBudget(limit: 1 << 24)))
        let octets = ByteBuffer(string: text)
        #expect(octets.withUnsafeReadableBytes { builder.append($0) })
        return builder.build()
    }

    @Test func keepsEveryOctetByDefault() async throws {
        let form = try await StoredForm(of: self.envelope(MessageData(ByteBuffer(string: "a\r\n\n\rb\r\r\n"))))
        #expect(form.joined() == ByteBuffer(string: "Return-Path: <>\r\na\r\n\n\rb\r\r\n"))
        #expect(form.size == form.joined().readableBytes && form.largestSize == form.size)
        #expect(form.map(\.readableBytes) == [17, 9])
    }

    @Test func leavesOutTheCarriageReturnOfLineEndings() async throws {
        let form = try await StoredForm(
            of: self.envelope(MessageData(ByteBuffer(string: "a\r\n\n\rb\r\r\n\r"))),
            lineEndings: .lf
        )
        #expect(form.joined() == ByteBuffer(string: "Return-Path: <>\na\n\n\rb\r\n\r"))
        #expect(form.size == form.joined().readableBytes)
        #expect(form.reduce(0) { $0 + $1.readableBytes } == form.size)
        // With the CR of the header's line and of two more.
        #expect(form.largestSize == form.size + 3)
    }

    @Test func convertsNoBinaryMessage() async throws {
        let form = try await StoredForm(
            of: self.envelope(MessageData(ByteBuffer(string: "a\r\n")), bodyType: .binaryMIME),
            lineEndings: .lf
        )
        #expect(form.joined() == ByteBuffer(string: "Return-Path: <>\na\r\n"))
    }

    @Test func lineEndingsMayLieOnTwoChunks() async throws {
        let size = 262_144
        for before in [size - 2, size - 1, size, size + 1] {
            let text = String(repeating: "x", count: before) + "\r\n" + String(repeating: "y", count: size) + "\r"
            let data = try self.chunked(text)
            #expect(try await data.chunks().count > 1)
            let form = try await StoredForm(of: self.envelope(data, header: nil), lineEndings: .lf)
            #expect(form.joined() == ByteBuffer(string: text.replacing("\r\n", with: "\n")))
            #expect(form.size == text.utf8.count - 1)
            #expect(form.allSatisfy { $0.readableBytes > 0 })
        }
    }

    @Test func namesTheRecipientOfACopy() async throws {
        let recipient = Recipient(.postmaster)
        let form = try await StoredForm(of: self.envelope(.empty), for: recipient)
        #expect(form.joined() == ByteBuffer(string: "Delivered-To: \(recipient)\r\nReturn-Path: <>\r\n"))
        #expect(try await StoredForm(of: self.envelope(.empty, header: nil)).joined().readableBytes == 0)
    }
}
