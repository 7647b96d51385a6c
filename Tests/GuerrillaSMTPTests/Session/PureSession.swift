import GuerrillaMail
import NIOCore

@testable import GuerrillaSMTP

/// A session without a connection: everything sent is answered at once, every message is stored.
final class PureSession {
    var session: SMTPSession
    private var input = ByteBuffer()
    private let hosts = AllowedHosts(["example.com"])
    private(set) var output = ""
    private(set) var isClosed = false
    private(set) var messages: [CompletedTransaction] = []

    init(
        limits: SMTPSessionLimits = SMTPSessionLimits(),
        budget: MemoryBudget = MemoryBudget(limit: 1 << 26),
        space: StorageSpace = StorageSpace(),
        tls: TLSAccess = .unavailable,
        xclient: XCLIENTAccess = .off
    ) {
        let client = ClientInfo(address: IPAddress("192.0.2.1"), serverName: "mail.example.com", clientNumber: 1)
        self.session = SMTPSession(
            client: client,
            limits: limits,
            memory: MessageMemory(budget: budget, space: space),
            tls: tls,
            xclient: xclient
        )
        self.greet()
    }

    private func greet() {
        self.run(
            .reply(
                .greeting(hostName: "mail.example.com", version: "test", clientNumber: 1, clientCount: 1, time: "now")
            )
        )
    }

    func send(_ octets: some Sequence<UInt8>) {
        self.input.writeBytes(octets)
        self.step()
    }

    func step() {
        while !self.isClosed, let action = self.session.next(&self.input) { self.run(action) }
    }

    func run(_ action: SMTPAction?) {
        switch action {
        case nil:
            break
        case .reply(let reply), .refuseMessage(let reply, of: _):
            self.output += reply.wireText
        case .replyAndClose(let reply):
            self.output += reply.wireText
            self.isClosed = true
        case .greet:
            self.greet()
        case .startTLS(let reply):
            self.output += reply.wireText
            self.session.tlsStarted(TLSInfo(version: "TLSv1.3"))
        case .validate(let recipient):
            self.run(self.session.recipientVerdict(self.hosts.accepts(recipient.path) ? .accepted : .relayDenied))
        case .deliver(let transaction):
            self.messages.append(transaction)
            self.run(self.session.messageVerdict(.queued(as: QueuedID(text: "test\(self.messages.count)"))))
        }
    }

    func takeLine() -> String? {
        guard let end = self.output.firstRange(of: "\r\n") else { return nil }
        let line = String(self.output[..<end.lowerBound])
        self.output = String(self.output[end.upperBound...])
        return line
    }
}
