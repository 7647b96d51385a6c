import GuerrillaMail
import NIOCore

/// Messages of all kinds that a receiver gets.
enum TestMessages {
    static func ordinary(recipients: [String]) throws -> Envelope {
        try Envelope.testing(to: recipients)
    }

    /// In several chunks of memory, as a session receives it.
    static func large(recipients: [String]) throws -> Envelope {
        let line = String(repeating: "0123456789", count: 7) + "\r\n"
        var envelope = try Envelope.testing(to: recipients)
        envelope.data = self.received("Subject: large\r\n\r\n" + String(repeating: line, count: 40_000))
        return envelope
    }

    static func all(recipients: [String]) throws -> [(name: String, Envelope)] {
        let many = (0..<100).map { recipients[$0 % recipients.count] }
        var texts: [(name: String, octets: ByteBuffer)] = [
            ("empty", ByteBuffer()),
            ("without a header section", ByteBuffer(string: "no fields here\r\n")),
            ("header section only", ByteBuffer(string: "Subject: only this\r\n")),
            ("lines that begin with dots", ByteBuffer(string: "Subject: dots\r\n\r\n.\r\n..\r\n")),
            ("encoded words", ByteBuffer(string: "Subject: =?utf-8?Q?gr=C3=BC=C3=9Fe?=\r\n\r\nx\r\n")),
            ("no octet is left out", ByteBuffer(bytes: Array("Subject: binary\r\n\r\n".utf8) + Array(0...255))),
        ]
        texts.append(
            ("a long line", ByteBuffer(string: "Subject: \(String(repeating: "x", count: 100_000))\r\n\r\nx\r\n"))
        )
        var messages = try texts.map { text in
            (name: text.name, try Envelope.testing(to: recipients, octets: text.octets))
        }
        messages.append(("large", try self.large(recipients: recipients)))
        messages.append(("null reverse-path", try Envelope.testing(from: "", to: recipients)))
        messages.append(("a hundred recipients", try Envelope.testing(to: many)))
        messages.append(
            ("unknown client", try Envelope.testing(to: recipients, client: ClientInfo(address: nil)))
        )
        messages.append(("UTF-8", try Envelope.testing(from: "jürgen@bücher.example", to: recipients)))
        return messages
    }

    static let unusualRecipients: [Recipient] =
        [Recipient(.postmaster)]
        + [
            ("../../etc/passwd", "example.com"), ("a/b", "example.com"), ("~root", "example.com"),
            ("a\"b\\c d", "example.com"),
            (String(repeating: "x", count: 128), "example.com"), ("jürgen", "bücher.example"),
            ("%s%n;--'", "example.com"),
        ].map { Recipient(.mailbox(Mailbox(localPart: $0, domain: .name($1)))) }

    private static func received(_ text: String) -> MessageData {
        var builder = MessageDataBuilder(memory: MessageMemory(budget: MemoryBudget(limit: .max)))
        let octets = ByteBuffer(string: text)
        guard octets.withUnsafeReadableBytes({ builder.append($0) }) else { return MessageData(octets) }
        return builder.build()
    }
}
