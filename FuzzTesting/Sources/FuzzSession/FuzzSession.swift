import NIOCore

@testable import GuerrillaMail
@testable import GuerrillaSMTP

/// Feeds a whole dialogue to the pure session twice: in one piece, and cut into pieces whose sizes the input decides.
///
/// Beyond "does not trap", both have to come to the same actions: where a segment ends must mean nothing. And whatever
/// was said, no message is above the limit and no memory is kept.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSession(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard let seed = input.first else { return 0 }
    let octets = input.dropFirst()

    let whole = dialogue(octets) { _ in octets.count }
    var state = UInt32(seed) &+ 1
    let pieces = dialogue(octets) { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return 1 + Int(state >> 28)
    }
    precondition(whole == pieces, "the same octets, cut differently, mean something else:\n\(whole)\n\(pieces)")
    return 0
}

let limits = {
    var limits = SMTPSessionLimits()
    limits.messageSize = 2_000
    limits.dataOverrun = 100_000
    limits.recipients = 4
    limits.commandLine = 512
    return limits
}()

/// What the session has its connection do, message octets included.
private func dialogue(_ octets: Slice<UnsafeBufferPointer<UInt8>>, _ nextPiece: (Int) -> Int) -> [SMTPAction] {
    let budget = MemoryBudget(limit: 1 << 20)
    var actions: [SMTPAction] = []
    do {
        var session = SMTPSession(
            client: ClientInfo(address: nil, serverName: "mail.example.com"),
            limits: limits,
            memory: MessageMemory(budget: budget)
        )
        var buffer = ByteBuffer()
        var rest = octets
        while !rest.isEmpty {
            let piece = rest.prefix(nextPiece(rest.count))
            rest = rest.dropFirst(piece.count)
            buffer.writeBytes(piece)
            drive(&session, &buffer, &actions)
            if session.waitingFor == .nothing { break }
        }
        session.connectionClosed()
    }
    for case .deliver(let completed) in actions {
        precondition(completed.data.size <= limits.messageSize, "a message above the limit")
        precondition(!completed.transaction.recipients.isEmpty, "a message without a recipient")
        precondition(completed.transaction.recipients.count <= limits.recipients, "too many recipients")
    }
    return actions
}

private func drive(_ session: inout SMTPSession, _ buffer: inout ByteBuffer, _ actions: inout [SMTPAction]) {
    // Every step either takes octets or is the last: more steps than octets is a loop without end.
    var steps = buffer.readableBytes + 2
    while let action = session.next(&buffer) {
        precondition(steps > 0, "the session makes no progress")
        steps -= 1
        var latest: SMTPAction? = action
        while let step = latest {
            actions.append(step)
            latest = nil
            switch step {
            case .reply, .refuseMessage, .replyAndClose, .greet, .startTLS:
                break
            case .validate(let recipient):
                // Every third recipient is refused, one way or the other, so that all verdicts occur.
                switch recipient.path {
                case .mailbox(let mailbox) where mailbox.localPart.utf8.count % 3 == 1:
                    latest = session.recipientVerdict(.relayDenied)
                case .mailbox(let mailbox) where mailbox.localPart.utf8.count % 3 == 2:
                    latest = session.recipientVerdict(.refused(.relayDenied(host: "x")))
                default:
                    latest = session.recipientVerdict(.accepted)
                }
            case .deliver:
                latest = session.messageVerdict(.ok)
            }
        }
    }
}
