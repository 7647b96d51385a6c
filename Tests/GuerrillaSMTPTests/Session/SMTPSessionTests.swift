import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Testing

@testable import GuerrillaSMTP

struct SMTPSessionTests {
    private static let transaction = "EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n"

    private func makeSession(budget: MemoryBudget = MemoryBudget(limit: 1 << 20)) -> SMTPSession {
        SMTPSession(
            client: ClientInfo(address: nil, serverName: "mail.example.com"),
            limits: SMTPSessionLimits(),
            memory: MessageMemory(budget: budget)
        )
    }

    @Test func nothingIsTakenWhileAVerdictIsPending() {
        var session = self.makeSession()
        var input = ByteBuffer(string: "HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\nQUIT\r\n")
        #expect(session.next(&input) == .reply(.hello(hostName: "mail.example.com")))
        #expect(session.next(&input) == .reply(.ok))
        guard case .validate? = session.next(&input) else {
            Issue.record("RCPT asks for a verdict")
            return
        }
        #expect(session.waitingFor == .verdict)
        #expect(session.next(&input) == nil)
        #expect(String(buffer: input) == "QUIT\r\n")
        #expect(session.recipientVerdict(.refused(.userUnknown(reason: ""))) == .reply(.userUnknown(reason: "")))
        #expect(session.transaction?.recipients == [])
        #expect(session.next(&input) == .replyAndClose(.bye))
        #expect(session.waitingFor == .nothing)
    }

    @Test func verdictsThatNobodyAskedForAreIgnored() {
        var session = self.makeSession()
        #expect(session.recipientVerdict(.accepted) == nil)
        #expect(session.messageVerdict(.ok) == nil)
    }

    @Test func shutdownLetsAMessageInHandBeFinished() {
        let peer = PureSession()
        peer.send(Self.transaction.utf8)
        #expect(peer.session.waitingFor == .data)
        #expect(peer.session.shutDown() == nil)
        var input = ByteBuffer(string: "x\r\n.\r\nNOOP\r\n")
        guard case .deliver? = peer.session.next(&input) else {
            Issue.record("the message is delivered")
            return
        }
        let queued = SMTPReply.queued(as: QueuedID(text: "1"))
        #expect(peer.session.messageVerdict(queued) == .reply(queued))
        #expect(peer.session.next(&input) == .replyAndClose(.shuttingDown))
        #expect(peer.session.next(&input) == nil)
    }

    @Test func shutdownSendsIdleSessionsAway() {
        var session = self.makeSession()
        #expect(session.shutDown() == .replyAndClose(.shuttingDown))
    }

    @Test func memoryIsChargedAsOctetsArriveAndGivenBack() {
        let budget = MemoryBudget(limit: 1 << 20)
        var peer = PureSession(budget: budget)
        peer.send(Self.transaction.replacing("<a@b.example>", with: "<a@b.example> SIZE=10000000").utf8)
        #expect(budget.used == 0)
        peer.send("x\r\n".utf8)
        #expect(budget.used == 4_096)
        peer.send(".\r\n".utf8)
        #expect(peer.messages.count == 1)
        #expect(budget.used == 4_096)
        peer = PureSession(budget: budget)
        #expect(budget.used == 0)
    }

    /// Recipients beyond what belongs to the connection count, and go with the message.
    @Test func manyRecipientsAreChargedAndGivenBack() throws {
        let budget = MemoryBudget(limit: 1 << 20)
        var limits = SMTPSessionLimits()
        limits.recipients = 1_000
        var peer = PureSession(limits: limits, budget: budget)
        let domain = String(repeating: "d", count: 60) + ".example.com"
        func addRecipients(_ count: Int) {
            for number in 0..<count { peer.send("RCPT TO:<user\(number)@example.com>\r\n".utf8) }
        }
        peer.send("EHLO c.example\r\nMAIL FROM:<a@\(domain)>\r\n".utf8)
        addRecipients(10)
        #expect(budget.used == 0)
        addRecipients(490)
        let charged = budget.used
        #expect(charged > 500 * 2 * "user0@example.com".utf8.count)
        #expect(charged < 500 * 1_024)
        peer.send("RSET\r\n".utf8)
        #expect(budget.used == 0)
        peer.send("MAIL FROM:<>\r\n".utf8)
        addRecipients(500)
        #expect(budget.used == charged)
        peer.send("DATA\r\nx\r\n.\r\n".utf8)
        #expect(peer.messages.count == 1)
        #expect(budget.used == charged + 4_096)
        // The session has begun anew, the message has them still.
        peer.send("MAIL FROM:<>\r\nRSET\r\n".utf8)
        #expect(budget.used == charged + 4_096)
        peer = PureSession(budget: budget)
        #expect(budget.used == 0)
    }

    @Test func withoutMemoryARecipientIsRefusedForNow() throws {
        let budget = MemoryBudget(limit: 8_192)
        let peer = PureSession(budget: budget)
        peer.send("EHLO c.example\r\nMAIL FROM:<>\r\n".utf8)
        let name = String(repeating: "n", count: 60)
        for number in 10..<99 { peer.send("RCPT TO:<\(name)\(number)@example.com>\r\n".utf8) }
        let accepted = try #require(peer.session.transaction?.recipients.count)
        #expect((10..<89).contains(accepted))
        #expect(peer.output.hasSuffix("452 4.3.1 Error: insufficient system storage\r\n"))
        #expect(budget.used == 8_192)
        peer.send("RSET\r\nMAIL FROM:<>\r\nRCPT TO:<\(name)@example.com>\r\nDATA\r\nx\r\n.\r\n".utf8)
        #expect(peer.messages.count == 1)
    }

    @Test func exhaustedMemoryIs452AndTheSessionStaysInStep() {
        let budget = MemoryBudget(limit: 8_192)
        let peer = PureSession(budget: budget)
        peer.send(Self.transaction.utf8)
        peer.send([UInt8](repeating: 65, count: 100_000))
        #expect(budget.used == 0)
        peer.send("\r\n.\r\nNOOP\r\n".utf8)
        #expect(peer.messages.isEmpty)
        #expect(peer.output.hasSuffix("452 4.3.1 Error: insufficient system storage\r\n250 2.0.0 OK\r\n"))
    }

    @Test func exhaustedMemoryRefusesMailAndData() {
        let budget = MemoryBudget(limit: 0)
        let peer = PureSession(budget: budget)
        peer.send("HELO c.example\r\nMAIL FROM:<>\r\n".utf8)
        #expect(peer.output.hasSuffix("452 4.3.1 Error: insufficient system storage\r\n"))
    }

    @Test func lowSpaceRefusesMailAndDataUntilThereIsMore() {
        let space = StorageSpace()
        let peer = PureSession(space: space)
        peer.send("HELO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<c@example.com>\r\n".utf8)
        space.isLow = true
        peer.send("DATA\r\n".utf8)
        #expect(peer.output.hasSuffix("250 2.1.5 OK\r\n452 4.3.1 Error: insufficient system storage\r\n"))
        peer.send("RSET\r\nMAIL FROM:<>\r\n".utf8)
        #expect(peer.output.hasSuffix("250 2.1.0 OK\r\n452 4.3.1 Error: insufficient system storage\r\n"))
        space.isLow = false
        peer.send("MAIL FROM:<>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n".utf8)
        space.isLow = true
        // What has begun may end: the store still has what is kept free.
        peer.send("x\r\n.\r\n".utf8)
        #expect(peer.messages.count == 1)
    }

    @Test func connectionLostInMidMessageDropsIt() {
        let budget = MemoryBudget(limit: 1 << 20)
        let peer = PureSession(budget: budget)
        peer.send(Self.transaction.utf8)
        peer.send("half a mess".utf8)
        #expect(budget.used == 4_096)
        peer.session.connectionClosed()
        #expect(budget.used == 0)
        var input = ByteBuffer(string: "age\r\n.\r\n")
        #expect(peer.session.next(&input) == nil)
    }

    /// Neither by announcement nor by the number of chunks does a message take more memory than its octets need.
    @Test func tinyChunksTakeNoMoreMemoryThanOneLargeOne() {
        let budget = MemoryBudget(limit: 1 << 20)
        let peer = PureSession(budget: budget)
        peer.send("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.com>\r\n".utf8)
        for _ in 0..<4_000 { peer.send("BDAT 1\r\nx".utf8) }
        #expect(budget.used == 4_096)
        peer.send("BDAT 10000000\r\n".utf8)
        #expect(budget.used == 4_096)
        peer.send([UInt8](repeating: 120, count: 95))
        #expect(budget.used == 4_096)
        peer.session.connectionClosed()
        #expect(budget.used == 0)
        #expect(!peer.isClosed)
    }

    /// What has been judged bad takes no memory any more.
    @Test func aChunkThatMustBecomeTooLargeGivesTheMemoryBackAtOnce() {
        let budget = MemoryBudget(limit: 1 << 20)
        var limits = SMTPSessionLimits()
        limits.messageSize = 1_000
        let peer = PureSession(limits: limits, budget: budget)
        peer.send("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.com>\r\n".utf8)
        peer.send("BDAT 1\r\nxBDAT 1000 LAST\r\n".utf8)
        #expect(budget.used == 0)
        peer.send([UInt8](repeating: 120, count: 1_000))
        #expect(budget.used == 0)
        #expect(peer.output.hasSuffix("552 5.3.4 Error: maximum DATA size exceeded (1000)\r\n"))
    }

    @Test func exhaustedMemoryIsToldAfterTheChunk() {
        let peer = PureSession(budget: MemoryBudget(limit: 4_096))
        peer.send("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.com>\r\n".utf8)
        peer.send("BDAT 5000 LAST\r\n".utf8 + [UInt8](repeating: 120, count: 5_000) + "NOOP\r\n".utf8)
        #expect(peer.output.hasSuffix("452 4.3.1 Error: insufficient system storage\r\n250 2.0.0 OK\r\n"))
        #expect(peer.session.transaction == nil)
    }

    /// What was wrong first is what the peer is told, whatever octet the message had come to by then.
    @Test(arguments: [
        (1 << 20, "552 5.3.4 Error: maximum DATA size exceeded (5000)"),
        (4_096, "452 4.3.1 Error: insufficient system storage"),
    ])
    func theFirstReasonStandsWhateverFollows(_ memory: Int, _ reply: String) {
        var limits = SMTPSessionLimits()
        limits.messageSize = 5_000
        limits.refusesBareNewlines = true
        let peer = PureSession(limits: limits, budget: MemoryBudget(limit: memory))
        peer.send("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n".utf8)
        peer.send([UInt8](repeating: 65, count: 4_500) + "\r".utf8)
        peer.send("\n".utf8 + [UInt8](repeating: 65, count: 1_000) + "\r\n.\r\n".utf8)
        #expect(peer.output.hasSuffix("\r\n\(reply)\r\n"))
    }

    /// A front end may use one connection for many clients: none pays for what another has sent.
    @Test func anotherClientMaySendItsShareOfUnwantedChunks() {
        var limits = SMTPSessionLimits()
        limits.messageSize = 10
        limits.dataOverrun = 0
        let peer = PureSession(limits: limits, xclient: .allowed)
        for _ in 0..<3 {
            peer.send("EHLO c.example\r\nBDAT 10\r\n0123456789XCLIENT ADDR=192.0.2.7\r\n".utf8)
        }
        #expect(!peer.isClosed)
        #expect(
            peer.output.hasSuffix(
                "503 5.5.1 Error: need MAIL command\r\n220 mail.example.com SMTP Guerrilla(test) #1 (1) now\r\n"
            )
        )
    }

    /// RFC 9422 § 4.1, § 4.2: six digits at most, and no zero.
    @Test(arguments: [(1, "1"), (999_999, "999999"), (1_000_000, "999999"), (.max, "999999")])
    func limitsAreAnnouncedWithSixDigitsAtMost(_ limit: Int, _ announced: String) {
        var limits = SMTPSessionLimits()
        limits.recipients = limit
        limits.messages = limit
        let peer = PureSession(limits: limits)
        peer.send("EHLO c.example\r\n".utf8)
        #expect(peer.output.contains("-LIMITS RCPTMAX=\(announced) MAILMAX=\(announced)\r\n"))
    }

    /// Between two chunks a message is in hand, as it is between 354 and the end of data.
    @Test func shutdownLetsAMessageInChunksBeFinished() {
        let peer = PureSession()
        peer.send("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.com>\r\nBDAT 1\r\nx".utf8)
        #expect(peer.session.shutDown() == nil)
        peer.send("BDAT 1 LAST\r\ny".utf8)
        #expect(peer.messages.count == 1)
        #expect(peer.isClosed)
        #expect(peer.output.hasSuffix("421 4.3.2 Server is shutting down. Please try again later. Sayonara!\r\n"))
    }

    @Test func aMessageArrivesFromItsFirstChunkToItsLast() {
        let peer = PureSession()
        peer.send("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.com>\r\n".utf8)
        #expect(peer.session.arrivingMessage == nil)
        for octets in ["BDAT 1\r\nx", "BDAT 2\r\n", "xy", "NOOP\r\n", "BDAT 1 LAST\r\n"] {
            peer.send(octets.utf8)
            #expect(peer.session.arrivingMessage == 1)
        }
        peer.send("z".utf8)
        #expect(peer.session.arrivingMessage == nil)
        // What nobody wants has its own clocks.
        peer.send("BDAT 2\r\nx".utf8)
        #expect(peer.session.arrivingMessage == 2)
        peer.send("yMAIL FROM:<>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n".utf8)
        #expect(peer.session.arrivingMessage == 3)
        peer.send(".\r\n".utf8)
        #expect(peer.session.arrivingMessage == nil)
    }

    /// RFC 2920: a whole session's share of transactions before the first reply is read.
    @Test func aThousandPipelinedTransactionsAreAnsweredInOrder() {
        let peer = PureSession()
        var input = "EHLO c.example\r\n"
        for number in 1...1_000 {
            input += "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.com>\r\nRCPT TO:<c@elsewhere.example>\r\n"
            input += "DATA\r\n\(number)\r\n.\r\n"
        }
        peer.send((input + "NOOP\r\nMAIL FROM:<>\r\n").utf8)
        #expect(peer.messages.count == 1_000)
        for _ in 0..<11 { _ = peer.takeLine() }
        for (index, message) in peer.messages.enumerated() {
            #expect(message.data == MessageData(ByteBuffer(string: "\(index + 1)\r\n")))
            let replies = (0..<5).map { _ in peer.takeLine()?.prefix(9) }
            #expect(replies == ["250 2.1.0", "250 2.1.5", "550 5.7.1", "354 Enter", "250 2.0.0"])
        }
        #expect(peer.takeLine() == "250 2.0.0 OK")
        #expect(peer.takeLine() == "421 4.7.0 Error: too many messages in this session")
        #expect(peer.output == "")
    }

    @Test func randomOctetsNeverTrap() {
        var random = SeededRandom(seed: 7)
        let words = [
            "MAIL FROM:<", "RCPT TO:<", "a@example.com>", "\r\n", "\n", "DATA", ".", "\r\n.\r\n", "HELO x", "\"", "[",
        ]
        for _ in 0..<3_000 {
            let peer = PureSession()
            for _ in 0..<(random.next() % 30) {
                if random.next() % 3 == 0 {
                    peer.send((0..<Int(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
                } else {
                    peer.send(words[Int(random.next() % UInt64(words.count))].utf8)
                }
            }
        }
    }
}
