import GuerrillaMail
import GuerrillaSMTP

@testable import GuerrillaServer

extension MessageRecord {
    /// A message with something in every field.
    static func testing(_ outcome: Outcome = .stored, recipients: [String] = ["bob", "carol"]) -> MessageRecord {
        MessageRecord(
            queuedID: QueuedID(text: "7f3a09"),
            client: ClientInfo(
                address: IPAddress("2001:db8::25"),
                port: 40_001,
                helo: .name("client.example"),
                isExtended: true
            ),
            reversePath: .mailbox(Mailbox(localPart: "alice", domain: .name("example.org"))),
            recipients: recipients.map { Recipient(.mailbox(Mailbox(localPart: $0, domain: .name("example.com")))) },
            size: 2_048,
            outcome: outcome,
            reply: .queued(as: QueuedID(text: "7f3a09")),
            duration: .microseconds(12_345),
            receivedAt: 1_795_248_408_123_456
        )
    }
}
